// `class Model` of bench.cc around a design that `write_cxxrtl` wrote. It is compiled after the design, in one
// file, with DESIGN the struct of its top, and either WAVES, or ONE_PASS if it has no feedback; and with CHOICE
// an input that chooses among several cores, if the design is that.

#include <cstdint>
#include <cstdio>
#include <cstring>
#ifdef WAVES
#include <cxxrtl/cxxrtl_vcd.h>
#endif

namespace {

// CXXRTL makes an output port a wire when it comes straight from a register, and else a value.
template<size_t Bits>
const cxxrtl::value<Bits> &current(const cxxrtl::value<Bits> &port) {
	return port;
}

template<size_t Bits>
const cxxrtl::value<Bits> &current(const cxxrtl::wire<Bits> &port) {
	return port.curr;
}

class Model {
	cxxrtl_design::DESIGN top;

	template<class Port>
	static bool bit(const Port &port) {
		return current(port).template get<bool>();
	}

public:
	static constexpr size_t IN_WORDS = sizeof(top.p_s__axis__tdata.data) / 4;
	static constexpr size_t OUT_WORDS = sizeof(current(top.p_m__axis__tdata).data) / 4;

	// CXXRTL knows no unknown states: what has no initial value starts at 0. So the seed is free to choose.
	explicit Model(uint64_t seed) {
#ifdef CHOICE
		top.CHOICE.template set<uint32_t>(uint32_t(seed));
#else
		(void)seed;
#endif
	}

	void data(const uint32_t *words) { std::memcpy(top.p_s__axis__tdata.data, words, 4 * IN_WORDS); }
	void last(bool value) { top.p_s__axis__tlast.template set<bool>(value); }

	void controls(bool aresetn, bool valid, bool ready) {
		top.p_aresetn.template set<bool>(aresetn);
		top.p_s__axis__tvalid.template set<bool>(valid);
		top.p_m__axis__tready.template set<bool>(ready);
	}

	bool valid() const { return bit(top.p_m__axis__tvalid); }
	bool ready() const { return bit(top.p_s__axis__tready); }
	bool error() const { return bit(top.p_frame__error); }
	bool out_last() const { return bit(top.p_m__axis__tlast); }
	bool out_user() const { return bit(top.p_m__axis__tuser); }
	const uint32_t *out_data() const { return current(top.p_m__axis__tdata).data; }

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
#endif

#ifdef WAVES
	bool waves(const char *path) {
		file = std::fopen(path, "wb");
		if (!file)
			return false;
		cxxrtl::debug_items items;
		top.debug_info(&items, nullptr, "top ");
		vcd.timescale(1, "ns");
		vcd.add(items);
		return true;
	}

	~Model() {
		if (file) {
			flush();
			std::fclose(file);
		}
	}

private:
	cxxrtl::vcd_writer vcd;
	std::FILE *file = nullptr;

	void look(int64_t time) {
		if (!file)
			return;
		vcd.sample(uint64_t(time));
		if (vcd.buffer.size() > 1 << 20)
			flush();
	}

	void flush() {
		std::fwrite(vcd.buffer.data(), 1, vcd.buffer.size(), file);
		vcd.buffer.clear();
	}
#else
	bool waves(const char *) { return false; }

private:
	void look(int64_t) {}
#endif
};

} // namespace
