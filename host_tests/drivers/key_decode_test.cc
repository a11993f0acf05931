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
            uint16_t key = key_decode(&decoder_, code);
            if (key != KEY_NONE) {
                keys += static_cast<char>(key);
            }
        }
        return keys;
    }

    // The key of the last of the codes, and what it sends.
    uint16_t key_of(std::initializer_list<uint8_t> codes) {
        uint16_t key = KEY_NONE;
        for (uint8_t code : codes) {
            key = key_decode(&decoder_, code);
        }
        return key;
    }
    std::string sent(std::initializer_list<uint8_t> codes, bool has_cursor_keys = false) {
        char text[KEY_TEXT_SIZE];
        size_t length = key_text(key_of(codes), has_cursor_keys, text);
        decoder_ = {};
        return std::string(text, length);
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
    EXPECT_EQ(key_of({0xe0, 0x48}), KEY_UP);
    EXPECT_EQ(type({0x48}), "8");
}

TEST_F(KeyDecodeTest, TheShiftThatAKeyboardMakesUpAroundGreyKeysIsNone) {
    EXPECT_EQ(type({0xe0, 0x2a, 0x1e}), "a");
}

TEST_F(KeyDecodeTest, PauseIsSkippedAsAWhole) {
    EXPECT_EQ(type({0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5, 0x1e}), "a");
}

TEST_F(KeyDecodeTest, KeysSendWhatLinuxsConsoleSends) {
    EXPECT_EQ(sent({0x1e}), "a");
    EXPECT_EQ(sent({0x1c}), "\r");
    EXPECT_EQ(sent({0x0e}), "\177");
    EXPECT_EQ(sent({0x0f}), "\t");
    EXPECT_EQ(sent({0x2a, 0x0f}), "\033[Z");
    EXPECT_EQ(sent({0xe0, 0x48}), "\033[A");
    EXPECT_EQ(sent({0xe0, 0x4b}), "\033[D");
    EXPECT_EQ(sent({0xe0, 0x47}), "\033[1~");
    EXPECT_EQ(sent({0xe0, 0x52}), "\033[2~");
    EXPECT_EQ(sent({0xe0, 0x53}), "\033[3~");
    EXPECT_EQ(sent({0xe0, 0x4f}), "\033[4~");
    EXPECT_EQ(sent({0xe0, 0x49}), "\033[5~");
    EXPECT_EQ(sent({0xe0, 0x51}), "\033[6~");
}

TEST_F(KeyDecodeTest, ArrowsSendOtherwiseWhereAProgramAsksForIt) {
    EXPECT_EQ(sent({0xe0, 0x50}, true), "\033OB");
    EXPECT_EQ(sent({0xe0, 0x4d}, true), "\033OC");
    EXPECT_EQ(sent({0xe0, 0x47}, true), "\033[1~");
}

TEST_F(KeyDecodeTest, FunctionKeysHaveTheirSequences) {
    EXPECT_EQ(sent({0x3b}), "\033[[A");
    EXPECT_EQ(sent({0x3f}), "\033[[E");
    EXPECT_EQ(sent({0x40}), "\033[17~");
    EXPECT_EQ(sent({0x44}), "\033[21~");
    EXPECT_EQ(sent({0x57}), "\033[23~");
    EXPECT_EQ(sent({0x58}), "\033[24~");
    EXPECT_EQ(sent({0x2a, 0x3b}), "\033[25~");
    EXPECT_EQ(sent({0x36, 0x42}), "\033[34~");
}

TEST_F(KeyDecodeTest, AltPutsAnEscapeBefore) {
    EXPECT_EQ(sent({0x38, 0x1e}), "\033a");
    EXPECT_EQ(sent({0xe0, 0x38, 0x1e}), "\033a");
    EXPECT_EQ(sent({0x38, 0x1d, 0x1e}), "\033\001");
    EXPECT_EQ(sent({0x38, 0xb8, 0x1e}), "a");
    EXPECT_EQ(sent({0x38, 0xe0, 0x48}), "\033[A");
    EXPECT_EQ(sent({0x38, 0xe0, 0x5b}), "") << "a key that sends nothing";
}

TEST_F(KeyDecodeTest, ControlHasTheCharactersThatAreNoLetters) {
    EXPECT_EQ(sent({0x1d, 0x39}), std::string(1, '\0'));
    EXPECT_EQ(sent({0x1d, 0x1a}), "\033");
    EXPECT_EQ(sent({0x1d, 0x2b}), "\034");
    EXPECT_EQ(sent({0x1d, 0x1b}), "\035");
    EXPECT_EQ(sent({0x1d, 0x07}), "\036");
    EXPECT_EQ(sent({0x1d, 0x35}), "\037");
    EXPECT_EQ(sent({0xe0, 0x1d, 0x2e}), "\003");
}

TEST_F(KeyDecodeTest, EveryByteAfterEveryByteIsHandled) {
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            key_decoder decoder = {};
            (void)key_decode(&decoder, static_cast<uint8_t>(first));
            char text[KEY_TEXT_SIZE];
            uint16_t key = key_decode(&decoder, static_cast<uint8_t>(second));
            EXPECT_LE(key_text(key, true, text), KEY_TEXT_SIZE);
        }
    }
}

} // namespace
