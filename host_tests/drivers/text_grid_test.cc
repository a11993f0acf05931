#include "drivers/text_grid.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "drivers/console.h"

namespace {

// A device of 8 columns and 4 rows that remembers what it was told to draw.
class TextGridTest : public testing::Test {
  protected:
    TextGridTest() : screen_(new Screen) {
        text_grid_init(&screen_->grid, 8, 4, 1);
        screen_->grid.draw = draw;
        text_grid_show(&screen_->grid);
        screen_->drawn = 0;
    }

    struct Screen {
        text_grid grid;
        std::vector<std::string> rows = std::vector<std::string>(4, std::string(8, '?'));
        unsigned drawn = 0;
    };

    static void draw(text_grid *grid, unsigned row, unsigned column, text_cell cell) {
        auto *screen = reinterpret_cast<Screen *>(grid);
        screen->rows.at(row).at(column) = static_cast<char>(cell.character);
        screen->drawn++;
    }

    void write(const std::string &text) {
        console_write(&screen_->grid.console, text.data(), text.size());
    }

    std::vector<std::string> shown() const {
        std::vector<std::string> rows = screen_->rows;
        for (std::string &row : rows) {
            row.erase(row.find_last_not_of(' ') + 1);
        }
        return rows;
    }

    using Rows = std::vector<std::string>;
    std::unique_ptr<Screen> screen_;
};

TEST_F(TextGridTest, StartsBlank) {
    EXPECT_EQ(shown(), (Rows{"", "", "", ""}));
}

TEST_F(TextGridTest, LinesFollowEachOther) {
    write("one\ntwo\n");
    EXPECT_EQ(shown(), (Rows{"one", "two", "", ""}));
}

TEST_F(TextGridTest, AFullLineWrapsOnlyWhenMoreComes) {
    write("12345678");
    EXPECT_EQ(screen_->grid.row, 0u);
    write("9");
    EXPECT_EQ(shown(), (Rows{"12345678", "9", "", ""}));
}

TEST_F(TextGridTest, ALineBreakAfterAFullLineDoesNotSkipALine) {
    write("12345678\nnext");
    EXPECT_EQ(shown(), (Rows{"12345678", "next", "", ""}));
}

TEST_F(TextGridTest, TheLastLineScrolls) {
    write("a\nb\nc\nd\ne");
    EXPECT_EQ(shown(), (Rows{"b", "c", "d", "e"}));
}

TEST_F(TextGridTest, ASlowDeviceScrollsByMoreAtOnce) {
    screen_->grid.scroll_rows = 3;
    write("a\nb\nc\nd\ne");
    EXPECT_EQ(shown(), (Rows{"d", "e", "", ""}));
}

TEST_F(TextGridTest, ScrollingDrawsOnlyWhatChanges) {
    write("same\nsame\nsame\nsame");
    screen_->drawn = 0;
    write("\n");
    EXPECT_EQ(screen_->drawn, 4u);
}

TEST_F(TextGridTest, WhatIsWrittenTogetherIsDrawnOnce) {
    write("a\nb\nc\nd");
    screen_->drawn = 0;
    write("\ne\nf\ng\nh\ni\nj\nk\nl");
    EXPECT_EQ(shown(), (Rows{"i", "j", "k", "l"}));
    EXPECT_EQ(screen_->drawn, 4u);
}

TEST_F(TextGridTest, ChangedRowsCanBeDrawnOneByOne) {
    text_grid_set(&screen_->grid, 1, 2, {'x', TEXT_ATTRIBUTE_USUAL});
    text_grid_set(&screen_->grid, 3, 0, {'y', TEXT_ATTRIBUTE_USUAL});
    EXPECT_EQ(shown(), (Rows{"", "", "", ""}));
    EXPECT_TRUE(text_grid_draw_row(&screen_->grid));
    EXPECT_EQ(shown(), (Rows{"", "  x", "", ""}));
    EXPECT_TRUE(text_grid_draw_row(&screen_->grid));
    EXPECT_FALSE(text_grid_draw_row(&screen_->grid));
    EXPECT_EQ(shown(), (Rows{"", "  x", "", "y"}));
}

TEST_F(TextGridTest, BackspaceReturnAndTabMoveTheCursor) {
    write("abc\b\bX\rY\tz");
    EXPECT_EQ(shown(), (Rows{"Y", "z", "", ""}));
    write("\r\b!");
    EXPECT_EQ(shown(), (Rows{"Y", "!", "", ""}));
}

TEST_F(TextGridTest, ControlSequencesAreNotShown) {
    write("\x1b[1;31mred\x1b[0m \x1b(ok");
    EXPECT_EQ(shown(), (Rows{"red ok", "", "", ""}));
}

TEST_F(TextGridTest, ACharacterBeyondAsciiIsOneMark) {
    write("a\xc3\xa4z \xe2\x82\xac");
    EXPECT_EQ(shown(), (Rows{"a?z ?", "", "", ""}));
}

TEST_F(TextGridTest, WhatIsWrittenWhileHiddenAppearsLater) {
    text_grid_hide(&screen_->grid);
    write("unseen");
    EXPECT_EQ(shown(), (Rows{"", "", "", ""}));
    text_grid_show(&screen_->grid);
    EXPECT_EQ(shown(), (Rows{"unseen", "", "", ""}));
}

TEST_F(TextGridTest, ShowingWhatDidNotChangeDrawsNothing) {
    write("still");
    text_grid_hide(&screen_->grid);
    screen_->drawn = 0;
    text_grid_show(&screen_->grid);
    EXPECT_EQ(screen_->drawn, 0u);
}

TEST_F(TextGridTest, ImpossibleSizesAreCut) {
    text_grid_init(&screen_->grid, 0, 100000, 0);
    EXPECT_EQ(screen_->grid.columns, 1u);
    EXPECT_EQ(screen_->grid.rows, TEXT_GRID_ROWS_MAX);
    EXPECT_EQ(screen_->grid.scroll_rows, 1u);
}

} // namespace
