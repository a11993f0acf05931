#include "drivers/key_decode.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace {

class KeyDecodeTest : public testing::Test {
  protected:
    // Feeds the bytes; returns the keys that came out.
    std::string type(std::initializer_list<uint8_t> codes) {
        std::string keys;
        for (uint8_t code : codes) {
            uint8_t key = key_decode(&decoder_, code);
            if (key != KEY_NONE) {
                keys += static_cast<char>(key);
            }
        }
        return keys;
    }

    key_decoder decoder_ = {};
};

TEST_F(KeyDecodeTest, AKeyCountsWhenPressedAndNotWhenReleased) {
    EXPECT_EQ(type({0x1e, 0x9e, 0x30, 0xb0}), "ab");
}

TEST_F(KeyDecodeTest, ShiftLastsUntilItIsReleased) {
    EXPECT_EQ(type({0x2a, 0x1e, 0x02, 0xaa, 0x1e, 0x02}), "A!a1");
}

TEST_F(KeyDecodeTest, CapsLockTurnsLettersOnly) {
    EXPECT_EQ(type({0x3a, 0xba, 0x1e, 0x02, 0x2a, 0x1e, 0xaa, 0x3a, 0xba, 0x1e}), "A1aa");
}

TEST_F(KeyDecodeTest, ControlMakesControlCharacters) {
    EXPECT_EQ(type({0x1d, 0x2e, 0x9d, 0x2e}), "\x03"
                                              "c");
}

TEST_F(KeyDecodeTest, EnterOnBothKeypadsIsEnter) {
    EXPECT_EQ(type({0x1c, 0xe0, 0x1c}), "\n\n");
}

TEST_F(KeyDecodeTest, AnArrowHasNoCharacterThoughItsCodeIsThatOfADigit) {
    EXPECT_EQ(type({0xe0, 0x48, 0xe0, 0xc8}), "\xff");
}

TEST_F(KeyDecodeTest, TheShiftThatAKeyboardMakesUpAroundGreyKeysIsNone) {
    EXPECT_EQ(type({0xe0, 0x2a, 0x1e}), "a");
}

TEST_F(KeyDecodeTest, PauseIsSkippedAsAWhole) {
    EXPECT_EQ(type({0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5, 0x1e}), "a");
}

TEST_F(KeyDecodeTest, EveryByteAfterEveryByteIsHandled) {
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            key_decoder decoder = {};
            (void)key_decode(&decoder, static_cast<uint8_t>(first));
            (void)key_decode(&decoder, static_cast<uint8_t>(second));
        }
    }
}

} // namespace
