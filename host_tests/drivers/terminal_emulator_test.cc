#include "drivers/terminal_emulator.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "drivers/text_grid.h"

namespace {

using Rows = std::vector<std::string>;

// A screen of 8 columns and 4 rows.
class Screen {
  public:
    Screen() {
        text_grid_init(grid_.get(), 8, 4, 1);
        terminal_emulator_init(&emulator, grid_.get());
    }

    void put(const std::string &text) {
        size_t done = 0;
        while (done < text.size()) {
            done += terminal_emulator_put(&emulator, text.data() + done, text.size() - done);
            replies.append(emulator.reply, emulator.reply_length);
        }
        terminal_emulator_end(&emulator);
    }

    Rows rows() const {
        Rows shown;
        for (unsigned row = 0; row < 4; row++) {
            std::string text;
            for (unsigned column = 0; column < 8; column++) {
                text += static_cast<char>(grid_->cells[row][column].character);
            }
            text.erase(text.find_last_not_of(' ') + 1);
            shown.push_back(text);
        }
        return shown;
    }

    std::string cursor() const {
        return std::to_string(grid_->row) + "," + std::to_string(grid_->column);
    }

    unsigned attribute(unsigned row, unsigned column) const {
        return grid_->cells[row][column].attribute;
    }

    text_grid &grid() {
        return *grid_;
    }

    terminal_emulator emulator;
    std::string replies;

  private:
    std::unique_ptr<text_grid> grid_ = std::make_unique<text_grid>();
};

struct Case {
    const char *name;
    std::string written;
    Rows rows;
    std::string cursor;
};

class EmulatorTest : public testing::TestWithParam<Case> {};

TEST_P(EmulatorTest, Shows) {
    Screen screen;
    screen.put(GetParam().written);
    EXPECT_EQ(screen.rows(), GetParam().rows);
    EXPECT_EQ(screen.cursor(), GetParam().cursor);
}

// Four rows to do something to; the cursor behind the last.
const std::string ABCD = "\033[Haaa\r\nbbb\r\nccc\r\nddd";

const Case CASES[] = {
    {"Text", "ab", {"ab", "", "", ""}, "0,2"},
    {"ALineFeedAlone", "a\nb", {"a", " b", "", ""}, "1,2"},
    {"AReturn", "a\r\nb\rc", {"a", "c", "", ""}, "1,1"},
    {"ABackspace", "ab\bc", {"ac", "", "", ""}, "0,2"},
    {"ABackspaceAtTheMargin", "\b\ba", {"a", "", "", ""}, "0,1"},
    {"ATabWritesNothing", "\033[1;3Hx\r\ty", {"  x    y", "", "", ""}, "0,8"},
    {"AFullRow", "12345678", {"12345678", "", "", ""}, "0,8"},
    {"AFullRowAndMore", "123456789", {"12345678", "9", "", ""}, "1,1"},
    {"AFullRowAndAReturn", "12345678\r\nx", {"12345678", "x", "", ""}, "1,1"},
    {"NoWrapping", "\033[?7l123456789", {"12345679", "", "", ""}, "0,8"},
    {"Scrolling", "a\r\nb\r\nc\r\nd\r\ne", {"b", "c", "d", "e"}, "3,1"},
    {"LineFeedsThatReturn", "\033[20ha\nb", {"a", "b", "", ""}, "1,1"},
    {"GoingTo", "\033[2;3Hx", {"", "  x", "", ""}, "1,3"},
    {"GoingToAsF", "\033[2;3fx", {"", "  x", "", ""}, "1,3"},
    {"GoingOutside", "\033[99;99Hx", {"", "", "", "       x"}, "3,8"},
    {"GoingHome", "abc\033[H", {"abc", "", "", ""}, "0,0"},
    {"GoingUp", "\033[4;4H\033[2Ax", {"", "   x", "", ""}, "1,4"},
    {"GoingUpTooFar", "\033[2;2H\033[9Ax", {" x", "", "", ""}, "0,2"},
    {"GoingDown", "a\033[Bb\033[9Bc", {"a", " b", "", "  c"}, "3,3"},
    {"GoingRight", "a\033[Cb\033[99Cc", {"a b    c", "", "", ""}, "0,8"},
    {"GoingLeft", "abcd\033[2Dx\033[99Dy", {"ybxd", "", "", ""}, "0,1"},
    {"GoingLeftBehindAFullRow", "12345678\033[Dx", {"123456x8", "", "", ""}, "0,7"},
    {"GoingToARowsBegin", "ab\033[Ec\033[Fd", {"db", "c", "", ""}, "0,1"},
    {"GoingToAColumn", "abc\033[2Gx\033[3`y", {"axy", "", "", ""}, "0,3"},
    {"GoingToARow", "ab\033[3dc", {"ab", "", "  c", ""}, "2,3"},
    {"ErasingTheRestOfARow", "abcd\033[2D\033[K", {"ab", "", "", ""}, "0,2"},
    {"ErasingTheBeginOfARow", "abcd\033[2D\033[1K", {"   d", "", "", ""}, "0,2"},
    {"ErasingARow", "abcd\033[2D\033[2K", {"", "", "", ""}, "0,2"},
    {"ErasingBelow", ABCD + "\033[2;2H\033[J", {"aaa", "b", "", ""}, "1,1"},
    {"ErasingAbove", ABCD + "\033[2;2H\033[1J", {"", "  b", "ccc", "ddd"}, "1,1"},
    {"ErasingAll", ABCD + "\033[2J", {"", "", "", ""}, "3,3"},
    {"ErasingCharacters", "abcd\r\033[2X", {"  cd", "", "", ""}, "0,0"},
    {"InsertingRows", ABCD + "\033[2;2H\033[2L", {"aaa", "", "", "bbb"}, "1,1"},
    {"DeletingRows", ABCD + "\033[2;2H\033[2M", {"aaa", "ddd", "", ""}, "1,1"},
    {"DeletingTooMany", ABCD + "\033[2;2H\033[999M", {"aaa", "", "", ""}, "1,1"},
    {"InsertingCharacters", "abcd\r\033[2@x", {"x abcd", "", "", ""}, "0,1"},
    {"DeletingCharacters", "abcd\r\033[2P", {"cd", "", "", ""}, "0,0"},
    {"DeletingTooManyCharacters", "abcd\r\033[999P", {"", "", "", ""}, "0,0"},
    {"InsertMode", "bcd\r\033[4ha\033[4lx", {"axcd", "", "", ""}, "0,2"},
    {"ScrollingUp", ABCD + "\033[2S", {"ccc", "ddd", "", ""}, "3,3"},
    {"ScrollingDown", ABCD + "\033[T", {"", "aaa", "bbb", "ccc"}, "3,3"},
    {"OnlySomeRowsScroll", ABCD + "\033[2;3r\033[3;1H\nx", {"aaa", "ccc", "x", "ddd"}, "2,1"},
    {"BelowThemNothingScrolls",
     ABCD + "\033[1;2r\033[4;1H\nx",
     {"aaa", "bbb", "ccc", "xdd"},
     "3,1"},
    {"RowsThatScrollBeginAtHome", "a\033[2;3rb", {"b", "", "", ""}, "0,1"},
    {"ImpossibleRowsToScroll", ABCD + "\033[3;2r\nx", {"bbb", "ccc", "ddd", "   x"}, "3,4"},
    {"InsertingRowsWhereSomeScroll",
     ABCD + "\033[2;3r\033[2;1H\033[L",
     {"aaa", "", "bbb", "ddd"},
     "1,0"},
    {"InsertingRowsOutsideOfThem",
     ABCD + "\033[2;3r\033[4;1H\033[L",
     {"aaa", "bbb", "ccc", "ddd"},
     "3,0"},
    {"GoingUpLeavesThem", ABCD + "\033[2;4r\033[3;1H\033[9Ax", {"xaa", "bbb", "ccc", "ddd"}, "0,1"},
    {"GoingUpAndDownKeepsToThem", "\033[2;3r\033[?6h\033[9Ax\033[9By", {"", "x", " y", ""}, "2,2"},
    {"InsertingRowsAboveThem",
     ABCD + "\033[3;3r\033[2;3r\033[1;1H\033[L",
     {"", "aaa", "bbb", "ddd"},
     "0,0"},
    {"ErasingBehindAFullRow", "12345678\033[Kx", {"1234567x", "", "", ""}, "0,8"},
    {"RowsCountFromThem", "\033[2;3r\033[?6hx\033[9;1Hy", {"", "x", "y", ""}, "2,1"},
    {"AReverseLineFeed", ABCD + "\033[2;1H\033Mx\033M\033My", {" y", "", "xaa", "bbb"}, "0,2"},
    {"AnIndex", "ab\033Dc\033Ed", {"ab", "  c", "d", ""}, "2,1"},
    {"SavingThePlace", "ab\0337\033[3;3Hx\0338c", {"abc", "", "  x", ""}, "0,3"},
    {"SavingThePlaceTheOtherWay", "ab\033[s\033[3;3Hx\033[uc", {"abc", "", "  x", ""}, "0,3"},
    {"Resetting", ABCD + "\033[2;3r\033cx", {"x", "", "", ""}, "0,1"},
    {"AdjustingTheTube", "\033#8", {"EEEEEEEE", "EEEEEEEE", "EEEEEEEE", "EEEEEEEE"}, "0,0"},
    {"GraphicsForLines", "\033(0lqk\033(Bq", {"\332\304\277q", "", "", ""}, "0,4"},
    {"TheOtherSetOfGraphics", "\033)0x\016x\017x", {"x\263x", "", "", ""}, "0,3"},
    {"ACharacterOfTheCodePage", "\303\244\342\224\200", {"\204\304", "", "", ""}, "0,2"},
    {"OneThatItHasNot", "\304\200\360\237\230\200x", {"?? x", "", "", ""}, "0,4"},
    {"OneThatIsPutOnAnother", "e\314\201x", {"ex", "", "", ""}, "0,2"},
    {"WhatIsNoUtf8", "\377\303x\244", {"??x?", "", "", ""}, "0,4"},
    {"AWindowsTitle", "a\033]0;title\007b\033]2;t\033\\c", {"abc", "", "", ""}, "0,3"},
    {"AStringThatASequenceEnds", "a\033Pq\033[1mb\033\\c", {"abc", "", "", ""}, "0,3"},
    {"UnknownSequences", "a\033[1;2yb\033[>4;2mc\033[!pd\033%Ge", {"abcde", "", "", ""}, "0,5"},
    {"ControlsInTheMiddle", "ab\033[\r1Cx", {"ax", "", "", ""}, "0,2"},
    {"ASequenceCutShort", "a\033[1\030b\033[2\033[1Cc", {"ab c", "", "", ""}, "0,4"},
    {"ManyParameters", "a\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1Hb", {"ab", "", "", ""}, "0,2"},
    {"ALargeParameter", "\033[4294967297;2Hx", {"", "", "", " x"}, "3,2"},
    {"TheBellIsSilent", "a\007b\177", {"ab", "", "", ""}, "0,2"},
};

INSTANTIATE_TEST_SUITE_P(TerminalEmulator, EmulatorTest, testing::ValuesIn(CASES),
                         [](const auto &each) { return each.param.name; });

struct LookCase {
    const char *name;
    std::string selected;
    unsigned attribute;
};

class EmulatorLookTest : public testing::TestWithParam<LookCase> {};

TEST_P(EmulatorLookTest, IsThatOfTheCell) {
    Screen screen;
    screen.put(GetParam().selected + "x");
    EXPECT_EQ(screen.attribute(0, 0), GetParam().attribute);
}

const LookCase LOOK_CASES[] = {
    {"Usual", "", 0x07},
    {"Red", "\033[31m", 0x04},
    {"YellowOnBlue", "\033[33;44m", 0x16},
    {"Bold", "\033[1m", 0x0f},
    {"BoldGreen", "\033[1;32m", 0x0a},
    {"NoLongerBold", "\033[1;32m\033[22m", 0x02},
    {"Dim", "\033[2m", 0x08},
    {"Underlined", "\033[4m", 0x03},
    {"Inverse", "\033[31;7m", 0x40},
    {"InverseAndBold", "\033[1;7m", 0x78},
    {"Concealed", "\033[8m", 0x00},
    {"Bright", "\033[96m", 0x0b},
    {"BrightPaper", "\033[101m", 0x47},
    {"Reset", "\033[31;44;1;4;7m\033[m", 0x07},
    {"ResetByNumber", "\033[31;1m\033[0;32m", 0x02},
    {"UsualInkAndPaper", "\033[31;44m\033[39;49m", 0x07},
    {"OfTheSixteen", "\033[38;5;9m", 0x0c},
    {"OfTheCube", "\033[38;5;21;48;5;22m", 0x29},
    {"OfTheGreys", "\033[38;5;255m", 0x0f},
    {"ByLevels", "\033[38;2;255;0;0;4m", 0x03},
    {"ByLevelsAlone", "\033[38;2;200;10;0m", 0x0c},
    {"ExtendedAndCutShort", "\033[38;5m", 0x07},
    {"KeptWithThePlace", "\033[31m\0337\033[m\0338", 0x04},
};

INSTANTIATE_TEST_SUITE_P(TerminalEmulator, EmulatorLookTest, testing::ValuesIn(LOOK_CASES),
                         [](const auto &each) { return each.param.name; });

class EmulatorStateTest : public testing::Test {
  protected:
    Screen screen;
};

TEST_F(EmulatorStateTest, QuestionsAreAnswered) {
    screen.put("\033[5n\033[2;3H\033[6n\033[c");
    EXPECT_EQ(screen.replies, "\033[0n\033[2;3R\033[?6c");
    screen.put("\033Z\033[7n");
    EXPECT_EQ(screen.replies, "\033[0n\033[2;3R\033[?6c\033[?6c");
}

TEST_F(EmulatorStateTest, ThePlaceIsToldWithinTheRowsThatScroll) {
    screen.put("\033[2;3r\033[?6h\033[2;8Hx\033[6n");
    EXPECT_EQ(screen.replies, "\033[2;8R");
}

TEST_F(EmulatorStateTest, TakingStopsAtAQuestion) {
    const std::string text = "a\033[6nb";
    EXPECT_EQ(terminal_emulator_put(&screen.emulator, text.data(), text.size()), 5u);
    EXPECT_EQ(screen.emulator.reply_length, 6u);
    EXPECT_EQ(terminal_emulator_put(&screen.emulator, "b", 1), 1u);
    EXPECT_EQ(screen.emulator.reply_length, 0u);
}

TEST_F(EmulatorStateTest, TheCursorIsShownAndHidden) {
    EXPECT_EQ(screen.grid().cursor, TEXT_CURSOR_USUAL);
    screen.put("x");
    EXPECT_EQ(screen.grid().cursor, TEXT_CURSOR_SHOWN);
    screen.put("\033[?25l");
    EXPECT_EQ(screen.grid().cursor, TEXT_CURSOR_HIDDEN);
    screen.put("\033[?25h");
    EXPECT_EQ(screen.grid().cursor, TEXT_CURSOR_SHOWN);
}

TEST_F(EmulatorStateTest, CursorKeysAreTheProgramsChoice) {
    screen.put("\033[?1h");
    EXPECT_TRUE(screen.emulator.has_cursor_keys);
    screen.put("\033[?1l");
    EXPECT_FALSE(screen.emulator.has_cursor_keys);
}

TEST_F(EmulatorStateTest, WhatIsErasedHasThePaperThatIsSelected) {
    screen.put("\033[44m\033[2J");
    EXPECT_EQ(screen.attribute(3, 7), 0x17u);
}

} // namespace
