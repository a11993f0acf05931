#include "kernel/proc/text/parse.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace {

struct Row {
    const char *text;
    status result;
    int64_t number;
};

class NumberTest : public testing::TestWithParam<Row> {};

TEST_P(NumberTest, IsReadAsLinuxReadsOne) {
    int64_t number = 4711;
    Row row = GetParam();
    EXPECT_EQ(parse_number(row.text, strlen(row.text), -1000, 1000, &number), row.result)
        << row.text;
    EXPECT_EQ(number, row.result == STATUS_OK ? row.number : 4711) << row.text;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, NumberTest,
    testing::Values(Row{"0", STATUS_OK, 0}, Row{"1000\n", STATUS_OK, 1000},
                    Row{" \t-1000 \n", STATUS_OK, -1000}, Row{"1001", STATUS_INVALID, 0},
                    Row{"-1001", STATUS_INVALID, 0}, Row{"0x1f", STATUS_OK, 31},
                    Row{"0X1F", STATUS_OK, 31}, Row{"-0x10", STATUS_OK, -16},
                    Row{"017", STATUS_OK, 15}, Row{"08", STATUS_INVALID, 0},
                    Row{"", STATUS_INVALID, 0}, Row{"\n", STATUS_INVALID, 0},
                    Row{"-", STATUS_INVALID, 0}, Row{"--1", STATUS_INVALID, 0},
                    Row{"1 2", STATUS_INVALID, 0}, Row{"1a", STATUS_INVALID, 0},
                    Row{"0x", STATUS_INVALID, 0}, Row{"9223372036854775807", STATUS_INVALID, 0},
                    Row{"9223372036854775808", STATUS_OUT_OF_RANGE, 0},
                    Row{"99999999999999999999999", STATUS_OUT_OF_RANGE, 0}));

TEST(NumberLimitsTest, TheSmallestAndTheLargestAreNumbersToo) {
    const char *least = "-9223372036854775808";
    const char *most = "9223372036854775807";
    int64_t number;
    EXPECT_EQ(parse_number(least, strlen(least), INT64_MIN, INT64_MAX, &number), STATUS_OK);
    EXPECT_EQ(number, INT64_MIN);
    EXPECT_EQ(parse_number(most, strlen(most), INT64_MIN, INT64_MAX, &number), STATUS_OK);
    EXPECT_EQ(number, INT64_MAX);
}

std::string line_of(const std::string &text) {
    char line[8];
    parse_line(text.data(), text.size(), line, sizeof(line));
    return line;
}

TEST(LineTest, EndsAtItsFirstLineFeedOrWhereThereIsNoMoreRoom) {
    EXPECT_EQ(line_of("host\n"), "host");
    EXPECT_EQ(line_of("two\nlines"), "two");
    EXPECT_EQ(line_of("1234567"), "1234567");
    EXPECT_EQ(line_of("123456789"), "1234567");
    EXPECT_EQ(line_of(std::string("a\0b", 3)), "a");
    EXPECT_EQ(line_of(""), "");
}

bool is_number(const std::string &text, uint32_t *number) {
    return parse_name(text.data(), text.size(), number);
}

TEST(NameTest, ANumberIsWrittenInOneWayOnly) {
    uint32_t number;
    EXPECT_TRUE(is_number("0", &number));
    EXPECT_EQ(number, 0u);
    EXPECT_TRUE(is_number("4294967294", &number));
    EXPECT_EQ(number, 4'294'967'294u);
    EXPECT_FALSE(is_number("4294967295", &number));
    EXPECT_FALSE(is_number("99999999999", &number));
    EXPECT_FALSE(is_number("01", &number));
    EXPECT_FALSE(is_number("+1", &number));
    EXPECT_FALSE(is_number("1 ", &number));
    EXPECT_FALSE(is_number("", &number));
}

} // namespace
