// Whatever mode a firmware claims and whatever a program prints on it, only the memory that the
// mode describes is written: it is exactly as large, so that ASan sees every pixel outside it.

#include <cstring>
#include <memory>
#include <vector>

#include "drivers/console.h"
#include "drivers/framebuffer.h"
#include "drivers/terminal_emulator.h"
#include "lib/status.h"
#include "mm/addr/addr.h"

namespace {

constexpr uint64_t PATIENCE_BYTES = 1 << 20; // of video memory; larger modes are only asked about

struct FuzzMode {
    uint16_t width;
    uint16_t height;
    int16_t pitch_beyond_row;
    uint8_t bits_per_pixel;
    uint8_t scales; // shift width and height left, so that small numbers reach all 32 bits
    framebuffer_colour red;
    framebuffer_colour green;
    framebuffer_colour blue;
};

framebuffer_mode mode_of(const FuzzMode &from) {
    framebuffer_mode mode = {};
    mode.base = phys_addr(0xfd000000);
    mode.width = uint32_t{from.width} << (from.scales & 15);
    mode.height = uint32_t{from.height} << (from.scales >> 4);
    mode.bits_per_pixel = from.bits_per_pixel;
    mode.pitch_bytes = mode.width * ((from.bits_per_pixel + 7u) / 8) + from.pitch_beyond_row;
    mode.red = from.red;
    mode.green = from.green;
    mode.blue = from.blue;
    return mode;
}

// As the log does, and as a program.
void print(framebuffer *screen, const uint8_t *bytes, size_t size) {
    const char *text = reinterpret_cast<const char *>(bytes);
    terminal_emulator emulator;
    console_write(&screen->grid.console, text, size);
    terminal_emulator_init(&emulator, &screen->grid);
    for (size_t done = 0; done < size;) {
        done += terminal_emulator_put(&emulator, text + done, size - done);
    }
    terminal_emulator_end(&emulator);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzMode from;
    if (size < sizeof from) {
        return 0;
    }
    memcpy(&from, data, sizeof from);
    const framebuffer_mode mode = mode_of(from);
    auto screen = std::make_unique<framebuffer>();
    if (framebuffer_init(screen.get(), &mode) != STATUS_OK ||
        framebuffer_size_bytes(&mode) > PATIENCE_BYTES) {
        return 0;
    }
    std::vector<uint8_t> memory(framebuffer_size_bytes(&mode), 0xcc);
    framebuffer_show(screen.get(), memory.data());
    print(screen.get(), data + sizeof from, size - sizeof from);
    framebuffer_hide(screen.get());
    print(screen.get(), data + sizeof from, size - sizeof from);
    framebuffer_show(screen.get(), memory.data());
    return 0;
}
