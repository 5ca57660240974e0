// The bench of cycle.py in C++, around a design that `write_cxxrtl` wrote. It is compiled after the design, in
// one file, with DESIGN the struct of its top, and either WAVES, or ONE_PASS if it has no feedback, and CONSTANTS
// if it has inputs beside the streams.
//
// One call runs a slice of cycles, so that the caller can show progress and take an interrupt.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>
#ifdef WAVES
#include <cxxrtl/cxxrtl_vcd.h>
#endif

namespace {

enum : int64_t { VALID_DROPPED = 1, PAYLOAD_CHANGED = 2, TOO_MANY = 3 };
enum : int64_t { RUNNING = 0, DONE = 1, HUNG = 2 };

// The same fields, all 64 bits wide, are in run_cxxrtl.py.
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

template<size_t Bits>
void load(cxxrtl::value<Bits> &port, const uint32_t *words) {
	std::memcpy(port.data, words, sizeof(port.data));
}

// CXXRTL makes an output port a wire when it comes straight from a register, and else a value.
template<size_t Bits>
const cxxrtl::value<Bits> &current(const cxxrtl::value<Bits> &port) {
	return port;
}

template<size_t Bits>
const cxxrtl::value<Bits> &current(const cxxrtl::wire<Bits> &port) {
	return port.curr;
}

struct Bench {
	cxxrtl_design::DESIGN top;
	std::decay_t<decltype(current(top.p_m__axis__tdata))> held_data;
	bool held_last = false, held_user = false;
#ifdef WAVES
	cxxrtl::vcd_writer vcd;
	std::FILE *file = nullptr;

	bool open(const char *path) {
		file = std::fopen(path, "wb");
		if (!file)
			return false;
		cxxrtl::debug_items items;
		top.debug_info(&items, nullptr, "top ");
		vcd.timescale(1, "ns");
		vcd.add(items);
		return true;
	}

	void sample(int64_t time) {
		vcd.sample(uint64_t(time));
		if (vcd.buffer.size() > 1 << 20)
			flush();
	}

	bool flush() {
		bool good = std::fwrite(vcd.buffer.data(), 1, vcd.buffer.size(), file) == vcd.buffer.size();
		vcd.buffer.clear();
		return good;
	}

	~Bench() {
		if (file) {
			flush();
			std::fclose(file);
		}
	}
#endif

#ifdef ONE_PASS
	// Without feedback, one pass at the rising edge yields both the outputs before it and, not yet visible, the
	// registers after it; `commit` makes those visible. The falling edge does nothing and is left out.
	void settle(int64_t) {
		top.prev_p_aclk = cxxrtl::value<1>{0u};
		top.p_aclk = cxxrtl::value<1>{1u};
		top.eval();
	}

	void rise(int64_t) { top.commit(); }
#else
	void settle(int64_t time) {
		top.p_aclk = cxxrtl::value<1>{0u};
		top.step();
		look(time);
	}

	void rise(int64_t time) {
		top.p_aclk = cxxrtl::value<1>{1u};
		top.step();
		look(time);
	}

	void look(int64_t time) {
#ifdef WAVES
		if (file)
			sample(time);
#else
		(void)time;
#endif
	}
#endif

	void run(Job &job, int64_t slice);
	bool step(Job &job);
};

// One cycle. Returns false when the run is over.
bool Bench::step(Job &job) {
	const size_t in_words = sizeof(top.p_s__axis__tdata.data) / 4, out_words = sizeof(held_data.data) / 4;
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
				load(top.p_s__axis__tdata, job.data + job.beat * in_words);
				top.p_s__axis__tlast.template set<bool>(job.last[job.beat]);
			}
		}
	}
	top.p_aresetn.template set<bool>(!resetting);
	top.p_s__axis__tvalid.template set<bool>(offer);
	top.p_m__axis__tready.template set<bool>(ready);
	settle(10 * job.cycle);
	bool more = true;
	if (resetting) {
		job.offered = -1;
	} else {
		if (current(top.p_frame__error).template get<bool>() && job.error_count++ <= job.beats)
			job.error_cycle[job.error_count - 1] = job.cycle;
		auto breaks = [&](int64_t kind) {
			if (job.broken_count < job.max_violations) {
				job.broken[2 * job.broken_count] = kind;
				job.broken[2 * job.broken_count++ + 1] = job.cycle;
			}
		};
		if (current(top.p_m__axis__tvalid).template get<bool>()) {
			job.quiet = job.refused = 0;
			const bool last = current(top.p_m__axis__tlast).template get<bool>();
			const bool user = current(top.p_m__axis__tuser).template get<bool>();
			if (job.offered < 0)
				job.offered = job.cycle;
			else if (last != held_last || user != held_user || !(current(top.p_m__axis__tdata) == held_data))
				breaks(PAYLOAD_CHANGED);
			held_last = last;
			held_user = user;
			held_data = current(top.p_m__axis__tdata);
			if (ready) {
				std::memcpy(job.out + job.out_count * out_words, held_data.data, sizeof(held_data.data));
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
			if (current(top.p_s__axis__tready).template get<bool>()) {
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
	rise(10 * job.cycle - 5);
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

void *hadacast_new() { return new Bench; }

void hadacast_delete(void *bench) { delete static_cast<Bench *>(bench); }

// Inputs that keep one value through a run; CONSTANTS is a case for each.
void hadacast_set(void *bench, int64_t index, uint32_t value) {
	auto &top = static_cast<Bench *>(bench)->top;
	switch (index) {
#ifdef CONSTANTS
		CONSTANTS
#endif
	default:
		(void)top, (void)value;
	}
}

int hadacast_waves(void *bench, const char *path) {
#ifdef WAVES
	return static_cast<Bench *>(bench)->open(path);
#else
	(void)bench, (void)path;
	return 0;
#endif
}

void hadacast_run(void *bench, Job *job, int64_t slice) { static_cast<Bench *>(bench)->run(*job, slice); }

}
