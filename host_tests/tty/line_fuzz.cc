// Whatever is typed and written in whatever modes, a line discipline keeps its places in order,
// sends a bounded number of bytes for each that it takes, and gives what was asked for at most.

#include "host_tests/kernel/fuzzing.h"
#include "host_tests/models/choices.h"
#include "host_tests/tty/line_test.h"

namespace {

class LineFuzz {
  public:
    LineFuzz(const uint8_t *bytes, size_t size) : choices_(bytes, size) {}

    void play() {
        while (!choices_.have_ended()) {
            step();
            check();
        }
    }

  private:
    std::string text() {
        static constexpr size_t sizes[] = {1, 3, 10, 100, 5000};
        const size_t size = choices_.of(sizes);
        std::string made;
        while (made.size() < size && !choices_.have_ended()) {
            made += std::string(choices_.one_in(8) ? size : 1, static_cast<char>(byte()));
        }
        return made;
    }

    uint8_t byte() {
        static constexpr uint8_t special[] = {'\r', '\n', '\t', '\b', 0177, 003, 004,
                                              021,  023,  025,  026,  027,  022, 0377,
                                              'a',  'B',  ' ',  0303, 0244, 0,   034};
        return choices_.one_in(4) ? static_cast<uint8_t>(choices_.below(256))
                                  : choices_.of(special);
    }

    uint32_t flags() {
        return choices_.below(1 << 16);
    }

    void change_modes() {
        terminal_modes modes = line_.state.modes;
        modes.input = flags();
        modes.output = flags();
        modes.local = flags();
        modes.control = flags() << 16 | flags();
        modes.characters[choices_.below(TTY_CHARACTER_COUNT)] = byte();
        terminal_modes_derive_speeds(&modes);
        line_set_modes(&line_.state, &modes);
    }

    void step() {
        switch (choices_.below(7)) {
        case 0:
            change_modes();
            break;
        case 1:
            read(choices_.below(5000));
            break;
        case 2:
            line_flush_input(&line_.state);
            break;
        case 3:
            line_stop(&line_.state);
            break;
        case 4:
            line_start(&line_.state);
            break;
        case 5:
            line_.write(text());
            break;
        default:
            type(text());
        }
    }

    void type(const std::string &typed) {
        const bool had_room = line_has_room(&line_.state);
        const size_t taken = line_.type(typed);
        Require(taken <= typed.size() && (taken > 0) == (had_room && !typed.empty()));
        Require(taken == typed.size() || !line_has_room(&line_.state));
    }

    void read(size_t size) {
        const bool had_input = line_has_input(&line_.state);
        const uint32_t before = line_input_size(&line_.state);
        const size_t given = line_.read(size).size();
        Require(given <= size && given <= before && (had_input || given == 0));
        Require(line_input_size(&line_.state) == before - given);
    }

    void check() {
        const line_discipline &state = line_.state;
        const bool is_edited = (state.modes.local & TTY_ICANON) != 0;
        Require(state.head - state.tail <= LINE_BUFFER_SIZE);
        Require(!is_edited || state.canon - state.tail <= state.head - state.tail);
        Require(state.pending == 0 || state.is_stopped);
        Require(state.pending <= LINE_OUTPUT_SIZE);
        (void)line_.sent();
    }

    Choices choices_;
    Line line_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    LineFuzz(data, size).play();
    return 0;
}
