// Whatever a program writes to a screen of whatever size, the cursor and the rows that scroll stay
// in the grid, and no question gets an answer longer than there is room for.

#include <cstring>
#include <memory>

#include "drivers/console.h"
#include "drivers/terminal_emulator.h"
#include "drivers/text_grid.h"
#include "host_tests/kernel/fuzzing.h"

namespace {

void check(const terminal_emulator &emulator, const text_grid &grid) {
    Require(grid.row < grid.rows && grid.column <= grid.columns);
    Require(emulator.top < emulator.bottom && emulator.bottom <= grid.rows);
    Require(emulator.reply_length <= EMULATOR_REPLY_SIZE);
    Require(emulator.parameter_count <= EMULATOR_PARAMETERS_MAX);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    auto grid = std::make_unique<text_grid>();
    text_grid_init(grid.get(), data[0] % 80, data[1] % 30, 1);
    grid->draw = [](text_grid *shown, unsigned row, unsigned column, text_cell cell) {
        Require(row < shown->rows && column < shown->columns);
        Require((cell.attribute & 0x80) == 0);
    };
    text_grid_show(grid.get());
    terminal_emulator emulator;
    terminal_emulator_init(&emulator, grid.get());
    auto text = std::make_unique<char[]>(size - 2);
    memcpy(text.get(), data + 2, size - 2);
    for (size_t done = 0; done < size - 2;) {
        done += terminal_emulator_put(&emulator, text.get() + done, size - 2 - done);
        check(emulator, *grid);
    }
    terminal_emulator_end(&emulator);
    console_write(&grid->console, text.get(), size - 2);
    check(emulator, *grid);
    return 0;
}
