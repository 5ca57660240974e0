// A board's top in C++ (CXXRTL), and the host's end of its two serial lines.
// The text of the design and `#define DESIGN` come before this.

#include <cstddef>
#include <cstdint>
#include <deque>

namespace {

struct Bench {
    DESIGN top;
    double bit = 0;             // clock cycles a bit, on the host
    int64_t now = 0;            // cycles so far
    std::deque<uint16_t> to;    // symbols: ten line levels, the start bit lowest
    std::deque<uint16_t> from;  // bytes; bit 8 is set if the stop bit is missing
    double began = -1;          // when the symbol being sent began
    double heard = -1;          // when the byte being received began
    int level = 1, index = 0, byte = 0;

    void send() {
        if (began >= 0 && now - began >= 10 * bit) {
            to.pop_front();
            began = to.empty() ? -1 : began + 10 * bit;
        }
        if (began < 0 && !to.empty()) began = now;
        top.p_rx.set<uint8_t>(began < 0 ? 1 : to.front() >> int((now - began) / bit) & 1);
    }

    void hear() {
        int line = top.p_tx.get<uint8_t>();
        if (heard < 0) {
            if (level && !line) {
                heard = now;
                index = byte = 0;
            }
        } else if (now - heard >= (index + 1.5) * bit) {
            if (index == 8) {
                from.push_back(byte | !line << 8);
                heard = -1;
            } else {
                byte |= line << index++;
            }
        }
        level = line;
    }

    void cycle() {
        top.p_clk.set<uint8_t>(0);
        send();
        top.step();
        top.p_clk.set<uint8_t>(1);
        top.step();
        hear();
        now++;
    }
};

Bench *of(void *bench) { return static_cast<Bench *>(bench); }

}  // namespace

extern "C" {

void *bench_new(double bit) {
    Bench *bench = new Bench;
    bench->bit = bit;
    bench->top.p_rx.set<uint8_t>(1);
    return bench;
}

void bench_delete(void *bench) { delete of(bench); }

void bench_send(void *bench, const uint16_t *symbols, size_t count) {
    of(bench)->to.insert(of(bench)->to.end(), symbols, symbols + count);
}

// Runs until `wanted` bytes are there, for `cycles` at most; returns the bytes there.
size_t bench_run(void *bench, int64_t cycles, size_t wanted) {
    while (cycles-- > 0 && of(bench)->from.size() < wanted) of(bench)->cycle();
    return of(bench)->from.size();
}

size_t bench_take(void *bench, uint16_t *out, size_t most) {
    size_t count = 0;
    for (; count < most && !of(bench)->from.empty(); count++) {
        out[count] = of(bench)->from.front();
        of(bench)->from.pop_front();
    }
    return count;
}

int64_t bench_now(void *bench) { return of(bench)->now; }
}
