// `class Model` of bench.cc around a design that Verilator wrote, whose class is Vtop. TIED(X) is X(name) for each
// input that the bench doesn't drive.

#include "Vtop.h"
#include "verilated.h"

#include <cstdint>
#include <cstring>
#include <memory>

double sc_time_stamp() { return 0; }

namespace {

class Model {
	std::unique_ptr<VerilatedContext> context{new VerilatedContext};
	std::unique_ptr<Vtop> top;
	mutable uint32_t word = 0;

public:
	static constexpr size_t IN_WORDS = (sizeof(Vtop::s_axis_tdata) + 3) / 4;
	static constexpr size_t OUT_WORDS = (sizeof(Vtop::m_axis_tdata) + 3) / 4;

	// What has no initial value starts at random.
	explicit Model(uint64_t seed) {
		context->randReset(2);
		context->randSeed(int(seed % 0x7fffffff) + 1);
		top.reset(new Vtop{context.get()});
#define TIE(name) top->name = 0;
		TIED(TIE)
#undef TIE
	}

	~Model() { top->final(); }

	void data(const uint32_t *from) { std::memcpy(&top->s_axis_tdata, from, sizeof(top->s_axis_tdata)); }
	void last(bool value) { top->s_axis_tlast = value; }

	void controls(bool aresetn, bool valid, bool ready) {
		top->aresetn = aresetn;
		top->s_axis_tvalid = valid;
		top->m_axis_tready = ready;
	}

	void settle(int64_t) {
		top->aclk = 0;
		top->eval();
	}

	void rise(int64_t) {
		top->aclk = 1;
		top->eval();
	}

	bool valid() const { return top->m_axis_tvalid; }
	bool ready() const { return top->s_axis_tready; }
	bool error() const { return top->frame_error; }
	bool out_last() const { return top->m_axis_tlast; }
	bool out_user() const { return top->m_axis_tuser; }

	// Verilator has a port of up to 64 bits in an integer, and a wider one in an array of words of 32.
	const uint32_t *out_data() const {
		if (sizeof(top->m_axis_tdata) >= 4)
			return reinterpret_cast<const uint32_t *>(&top->m_axis_tdata);
		word = 0;
		std::memcpy(&word, &top->m_axis_tdata, sizeof(top->m_axis_tdata));
		return &word;
	}

	bool waves(const char *) { return false; }
};

} // namespace
