#include "lib/format.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <string>

/* The formats are the test's data. */
#pragma clang diagnostic ignored "-Wformat"
#pragma clang diagnostic ignored "-Wformat-security"
#pragma clang diagnostic ignored "-Wformat-nonliteral"

namespace {

/* The same arguments for both, so that libc says what the text must be. */
template <typename... Arguments> std::string by_libc(const char *format, Arguments... arguments) {
    char text[200];
    snprintf(text, sizeof text, format, arguments...);
    return text;
}

template <typename... Arguments> std::string by_us(const char *format, Arguments... arguments) {
    char text[200];
    size_t length = format_buffer(text, sizeof text, format, arguments...);
    EXPECT_EQ(length, strlen(text));
    return text;
}

#define EXPECT_AS_LIBC(...) EXPECT_EQ(by_us(__VA_ARGS__), by_libc(__VA_ARGS__))

} // namespace

TEST(Format, WritesPlainTextAsItIs) {
    EXPECT_EQ(by_us(""), "");
    EXPECT_EQ(by_us("no conversion"), "no conversion");
    EXPECT_EQ(by_us("100%%"), "100%");
}

TEST(Format, WritesIntegersOfEveryLengthAsLibcDoes) {
    EXPECT_AS_LIBC("%d %i %u", -1, 42, 4000000000u);
    EXPECT_AS_LIBC("%hhd %hhu %hhx", 0x1ff, 0x1ff, -1);
    EXPECT_AS_LIBC("%hd %hu %hx", 0x1ffff, 0x1ffff, -1);
    EXPECT_AS_LIBC("%ld %lu %lx", INT64_MIN, UINT64_MAX, UINT64_MAX);
    EXPECT_AS_LIBC("%lld %llu %llX", INT64_MIN, UINT64_MAX, UINT64_MAX);
    EXPECT_AS_LIBC("%zu %zd %jd %td", SIZE_MAX, ssize_t{-5}, intmax_t{-6}, ptrdiff_t{-7});
    EXPECT_AS_LIBC("%d %d", INT32_MIN, INT32_MAX);
}

TEST(Format, FillsToTheWidth) {
    EXPECT_AS_LIBC("[%5d] [%-5d] [%05d] [%-05d]", 42, 42, 42, 42);
    EXPECT_AS_LIBC("[%5d] [%-5d] [%05d]", -42, -42, -42);
    EXPECT_AS_LIBC("[%*d] [%*d]", 6, 1, -6, 1);
    EXPECT_AS_LIBC("[%2d]", 12345);
    EXPECT_AS_LIBC("[%016lx]", 0x7f1234567890ul);
    EXPECT_AS_LIBC("[%8s] [%-8s] [%3c] [%-3c]", "text", "text", 'a', 'b');
}

TEST(Format, PrefixesHexadecimalsThatAreNotZero) {
    EXPECT_AS_LIBC("%#x %#X %#x", 255, 255, 0);
    EXPECT_AS_LIBC("[%#10x] [%#010x] [%-#10x]", 255, 255, 255);
    EXPECT_AS_LIBC("[%#018lx]", 0xffff800000000000ul);
}

TEST(Format, StopsAStringAtItsPrecision) {
    EXPECT_AS_LIBC("[%.3s] [%.0s] [%.9s] [%6.2s] [%-6.2s] [%.*s]", "abcdef", "abc", "abc", "abc",
                   "abc", 4, "abcdef");
    const char unterminated[] = {'a', 'b', 'c'};
    EXPECT_EQ(by_us("%.3s", unterminated), "abc");
}

TEST(Format, WritesPointersAndNullStringsWithoutAFault) {
    EXPECT_EQ(by_us("%p", reinterpret_cast<void *>(0x1234)), "0x1234");
    EXPECT_EQ(by_us("%p", nullptr), "0x0");
    EXPECT_EQ(by_us("%s", static_cast<const char *>(nullptr)), "(null)");
}

TEST(Format, ShowsWhatItDoesNotKnowAndSurvivesAFormatThatEndsEarly) {
    EXPECT_EQ(by_us("%q"), "q");
    EXPECT_EQ(by_us("end %"), "end ");
    EXPECT_EQ(by_us("end %-08l"), "end ");
}

TEST(Format, TruncatesAndSaysHowLongTheWholeTextIs) {
    char text[8] = "=======";
    EXPECT_EQ(format_buffer(text, 4, "%d", 123456), 6u);
    EXPECT_STREQ(text, "123");
    EXPECT_EQ(text[4], '=');
    EXPECT_EQ(format_buffer(text, 0, "abc"), 3u);
    EXPECT_EQ(text[0], '1');
    EXPECT_EQ(format_buffer(nullptr, 0, "%s", "abcd"), 4u);
}

TEST(Format, HandsASinkEveryByteInOrder) {
    std::string whole;
    text_sink sink = {[](void *context, const char *text, size_t length) {
                          static_cast<std::string *>(context)->append(text, length);
                      },
                      &whole};
    format_to(&sink, "%s = %d of %c%%", "share", 50, 'x');
    EXPECT_EQ(whole, "share = 50 of x%");
}

TEST(Format, AgreesWithLibcOnRandomIntegerConversions) {
    std::mt19937_64 random(1);
    auto any_of = [&](std::initializer_list<const char *> texts) {
        return std::string(texts.begin()[random() % texts.size()]);
    };
    for (int i = 0; i < 20000; i++) {
        std::string flags = any_of({"", "-", "0", "#", "#0", "-#"});
        std::string letter = any_of({"d", "i", "u", "x", "X"});
        if (letter != "x" && letter != "X") {
            std::erase(flags, '#'); // undefined for the others
        }
        std::string format = "[%" + flags + any_of({"", "1", "7", "19", "25"}) +
                             any_of({"hh", "h", "", "l", "ll", "z", "j", "t"}) + letter + "]";
        uint64_t value = random() >> random() % 64;
        ASSERT_EQ(by_us(format.c_str(), value), by_libc(format.c_str(), value)) << format;
    }
}
