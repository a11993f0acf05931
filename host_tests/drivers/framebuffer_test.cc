#include "drivers/framebuffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "drivers/console.h"
#include "drivers/terminal_emulator.h"
#include "lib/status.h"
#include "mm/addr/addr.h"

namespace {

framebuffer_mode mode_of(uint32_t bits_per_pixel) {
    uint32_t bytes = (bits_per_pixel + 7) / 8;
    framebuffer_mode mode = {};
    mode.base = phys_addr(0xfd000000);
    mode.width = 33; // a margin of one pixel
    mode.height = 40;
    mode.pitch_bytes = 33 * bytes + 7;
    mode.bits_per_pixel = bits_per_pixel;
    bool is_high_colour = bits_per_pixel <= 16;
    uint8_t bits = is_high_colour ? 5 : 8;
    mode.red = {static_cast<uint8_t>(2 * bits), bits};
    mode.green = {bits, bits};
    mode.blue = {0, bits};
    return mode;
}

class FramebufferTest : public testing::Test {
  protected:
    // The memory is exactly as large as the mode says, so that ASan sees every pixel outside it.
    void show(const framebuffer_mode &mode) {
        ASSERT_EQ(framebuffer_init(screen_.get(), &mode), STATUS_OK);
        memory_.assign(framebuffer_size_bytes(&mode), 0xcc);
        framebuffer_show(screen_.get(), memory_.data());
    }

    void write(const std::string &text) {
        console_write(&screen_->grid.console, text.data(), text.size());
    }

    /* As a program does. */
    void send(const std::string &text) {
        terminal_emulator emulator;
        terminal_emulator_init(&emulator, &screen_->grid);
        EXPECT_EQ(terminal_emulator_put(&emulator, text.data(), text.size()), text.size());
        terminal_emulator_end(&emulator);
    }

    uint32_t pixel(unsigned x, unsigned y) const {
        uint32_t bytes = (screen_->mode.bits_per_pixel + 7) / 8;
        uint32_t value = 0;
        for (uint32_t i = 0; i < bytes; i++) {
            value |= memory_.at(y * screen_->mode.pitch_bytes + x * bytes + i) << 8 * i;
        }
        return value;
    }

    std::unique_ptr<framebuffer> screen_ = std::make_unique<framebuffer>();
    std::vector<uint8_t> memory_;
};

TEST_F(FramebufferTest, ShowingItClearsAllOfIt) {
    show(mode_of(32));
    EXPECT_TRUE(
        std::all_of(memory_.begin(), memory_.end(), [](uint8_t byte) { return byte == 0; }));
}

TEST_F(FramebufferTest, HoldsAsManyWholeCharactersAsFit) {
    show(mode_of(32));
    EXPECT_EQ(screen_->grid.columns, 4u);
    EXPECT_EQ(screen_->grid.rows, 2u);
}

class FramebufferDepthTest : public FramebufferTest,
                             public testing::WithParamInterface<uint32_t> {};

TEST_P(FramebufferDepthTest, ABarIsAColumnOfGreyPixelsInItsCell) {
    show(mode_of(GetParam()));
    write("\n |"); // the bar of the font is the fourth column of its cell
    uint32_t grey = GetParam() <= 16 ? 21 << 10 | 21 << 5 | 21 : 0xaaaaaa;
    EXPECT_EQ(pixel(8 + 3, 16 + 8), grey);
    EXPECT_EQ(pixel(8 + 2, 16 + 8), 0u);
    EXPECT_EQ(pixel(8 + 4, 16 + 8), 0u);
    EXPECT_EQ(pixel(3, 16 + 8), 0u);
}

TEST_P(FramebufferDepthTest, AFullScreenOfTextStaysInside) {
    show(mode_of(GetParam()));
    write("WWWWWWWWWWWWWWWWWWWW");
}

INSTANTIATE_TEST_SUITE_P(Depths, FramebufferDepthTest, testing::Values(15u, 16u, 24u, 32u));

TEST_F(FramebufferTest, AColourOfNoBitsMayLieRightBehindThePixel) {
    framebuffer_mode mode = mode_of(32);
    mode.red = {32, 0};
    show(mode);
    write("|");
    EXPECT_EQ(pixel(3, 8), 0x00aaaau);
}

constexpr uint32_t GREY = 0xaaaaaa;

TEST_F(FramebufferTest, CellsHaveTheColoursOfTheVga) {
    show(mode_of(32));
    send("\033[31;44m|\033[1;33;49m|\033[0;33m|");
    EXPECT_EQ(pixel(3, 8), 0xaa0000u);
    EXPECT_EQ(pixel(2, 8), 0x0000aau);
    EXPECT_EQ(pixel(8 + 3, 8), 0xffff55u);
    EXPECT_EQ(pixel(8 + 2, 8), 0u);
    EXPECT_EQ(pixel(16 + 3, 8), 0xaa5500u) << "brown";
}

TEST_F(FramebufferTest, ACharacterThatTheFontHasNotIsShownByOneLikeIt) {
    show(mode_of(32));
    send("\342\224\202"); // a line from top to bottom
    EXPECT_EQ(pixel(3, 8), GREY);
    EXPECT_EQ(pixel(2, 8), 0u);
}

TEST_F(FramebufferTest, TheCursorIsABlockThatMoves) {
    show(mode_of(32));
    write("x");
    EXPECT_EQ(pixel(8, 0), 0u) << "the log has none";
    send("\033[1;2H");
    EXPECT_EQ(pixel(8, 0), GREY);
    EXPECT_EQ(pixel(15, 15), GREY);
    send("\033[2;1H|\r");
    EXPECT_EQ(pixel(8, 0), 0u);
    EXPECT_EQ(pixel(3, 16 + 8), 0u) << "what is under it is seen through it";
    EXPECT_EQ(pixel(2, 16 + 8), GREY);
    send("\033[?25l");
    EXPECT_EQ(pixel(3, 16 + 8), GREY);
    EXPECT_EQ(pixel(2, 16 + 8), 0u);
}

TEST_F(FramebufferTest, MovingItToAnotherMappingKeepsTheText) {
    show(mode_of(32));
    framebuffer_hide(screen_.get());
    write("|");
    framebuffer_show(screen_.get(), memory_.data());
    EXPECT_EQ(pixel(3, 8), 0xaaaaaau);
}

TEST_F(FramebufferTest, ModesThatCannotBeAreRefused) {
    auto is_refused = [this](auto change) {
        framebuffer_mode mode = mode_of(32);
        change(mode);
        return framebuffer_init(screen_.get(), &mode) == STATUS_INVALID;
    };
    EXPECT_TRUE(is_refused([](framebuffer_mode &mode) { mode.width = 7; }));
    EXPECT_TRUE(is_refused([](framebuffer_mode &mode) { mode.height = 15; }));
    EXPECT_TRUE(is_refused([](framebuffer_mode &mode) { mode.bits_per_pixel = 8; }));
    EXPECT_TRUE(is_refused([](framebuffer_mode &mode) { mode.pitch_bytes = 33 * 4 - 1; }));
    EXPECT_TRUE(is_refused([](framebuffer_mode &mode) { mode.width = 1u << 30; }));
    EXPECT_TRUE(is_refused([](framebuffer_mode &mode) { mode.height = 1u << 31; }));
    EXPECT_TRUE(is_refused([](framebuffer_mode &mode) { mode.red.shift = 25; }));
    EXPECT_TRUE(is_refused([](framebuffer_mode &mode) { mode.blue.bit_count = 9; }));
}

} // namespace
