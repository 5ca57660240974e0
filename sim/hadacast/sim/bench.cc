// The bench of cycle.py in C++. It is compiled behind a file that has `class Model`, the core as a compiler of
// hardware wrote it: cxxrtl_model.cc or verilator_model.cc. A Model has
//
//     Model(uint64_t seed)              in the state in which power finds it, as the seed says
//     IN_WORDS, OUT_WORDS               of 32 bits in a beat
//     data(words), last(bool)           what s_axis_tdata and s_axis_tlast are from now on
//     controls(aresetn, valid, ready)   the same for the others
//     settle(time), rise(time)          all outputs are as the inputs are; the clock rises
//     valid(), ready(), error(), out_last(), out_user(), out_data()
//     waves(path)                       whether waveforms can be written, and are from now on
//
// One call runs a slice of cycles, so that the caller can show progress and take an interrupt.

#include <chrono>
#include <cstdint>
#include <cstring>

namespace {

enum : int64_t { VALID_DROPPED = 1, PAYLOAD_CHANGED = 2, TOO_MANY = 3 };
enum : int64_t { RUNNING = 0, DONE = 1, HUNG = 2 };

// The same fields, all 64 bits wide, are in compiled.py.
struct Job {
	// What to send; TDATA in 32-bit words, a whole number of them per beat.
	const uint32_t *data;
	const uint8_t *last;
	const int64_t *gap;
	const uint8_t *ready;
	const int64_t *resets;
	int64_t beats, period, reset_count, drain, limit, timeout, max_violations;
	// What came out; the caller has made room for limit + 1 beats and for beats + 1 error cycles.
	uint32_t *out;
	uint8_t *flags;
	int64_t *cycle_out, *offer_out, *accept, *reset_cycle, *error_cycle, *broken;
	// Where the run is.
	int64_t state, cycle, beat, wait, refused, quiet, offered, out_count, reset_at, error_count, broken_count;
	int64_t idle_beat, nanoseconds;
};

struct Bench {
	Model model;
	uint32_t held_data[Model::OUT_WORDS] = {};
	bool held_last = false, held_user = false;

	explicit Bench(uint64_t seed) : model(seed) {}

	void run(Job &job, int64_t slice);
	bool step(Job &job);
};

// One cycle. Returns false when the run is over.
bool Bench::step(Job &job) {
	const size_t in_words = Model::IN_WORDS, out_words = Model::OUT_WORDS;
	const bool ready = job.ready[job.cycle % job.period];
	bool offer = false, resetting = false;
	if (job.beat < job.beats) {
		if (job.wait) {
			job.wait--;
		} else if (job.reset_at < job.reset_count && job.resets[job.reset_at] == job.beat) {
			resetting = true;
			job.reset_cycle[job.reset_at++] = job.cycle;
		} else {
			offer = true;
			if (job.idle_beat != job.beat) {
				job.idle_beat = job.beat;
				model.data(job.data + job.beat * in_words);
				model.last(job.last[job.beat]);
			}
		}
	}
	model.controls(!resetting, offer, ready);
	model.settle(10 * job.cycle);
	bool more = true;
	if (resetting) {
		job.offered = -1;
	} else {
		if (model.error() && job.error_count++ <= job.beats)
			job.error_cycle[job.error_count - 1] = job.cycle;
		auto breaks = [&](int64_t kind) {
			if (job.broken_count < job.max_violations) {
				job.broken[2 * job.broken_count] = kind;
				job.broken[2 * job.broken_count++ + 1] = job.cycle;
			}
		};
		if (model.valid()) {
			job.quiet = job.refused = 0;
			const bool last = model.out_last();
			const bool user = model.out_user();
			const uint32_t *data = model.out_data();
			if (job.offered < 0)
				job.offered = job.cycle;
			else if (last != held_last || user != held_user || std::memcmp(held_data, data, sizeof(held_data)))
				breaks(PAYLOAD_CHANGED);
			held_last = last;
			held_user = user;
			std::memcpy(held_data, data, sizeof(held_data));
			if (ready) {
				std::memcpy(job.out + job.out_count * out_words, held_data, sizeof(held_data));
				job.flags[job.out_count] = uint8_t(last | user << 1);
				job.cycle_out[job.out_count] = job.cycle;
				job.offer_out[job.out_count] = job.offered;
				job.offered = -1;
				if (++job.out_count > job.limit) {
					breaks(TOO_MANY);
					more = false;
				}
			}
		} else {
			job.quiet++;
			if (job.offered >= 0) {
				breaks(VALID_DROPPED);
				job.offered = -1;
			}
		}
		if (offer && more) {
			if (model.ready()) {
				job.accept[job.beat++] = job.cycle;
				job.refused = job.quiet = 0;
				if (job.beat < job.beats)
					job.wait = job.gap[job.beat];
			} else if (++job.refused > job.timeout) {
				job.state = HUNG;
			}
		}
		if (job.state == HUNG || (job.beat == job.beats && job.quiet > job.drain) ||
		    job.broken_count >= job.max_violations)
			more = false;
	}
	job.cycle++;
	if (!more) {
		if (job.state == RUNNING)
			job.state = DONE;
		return false;
	}
	model.rise(10 * job.cycle - 5);
	return true;
}

void Bench::run(Job &job, int64_t slice) {
	const auto start = std::chrono::steady_clock::now();
	while (slice-- > 0 && step(job)) {
	}
	job.nanoseconds +=
	    std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

extern "C" {

void *hadacast_new(uint64_t seed) { return new Bench(seed); }

void hadacast_delete(void *bench) { delete static_cast<Bench *>(bench); }

int hadacast_waves(void *bench, const char *path) { return static_cast<Bench *>(bench)->model.waves(path); }

void hadacast_run(void *bench, Job *job, int64_t slice) { static_cast<Bench *>(bench)->run(*job, slice); }
}
