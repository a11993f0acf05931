#include "kernel/log_ring.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "lib/check.h"

extern "C" void check_failed(const char *condition, const char *file, int line) {
    fprintf(stderr, "%s:%d: CHECK(%s)\n", file, line, condition);
    abort();
}

namespace {

class LogRingTest : public testing::Test {
  protected:
    void append(uint8_t level, const std::string &line) {
        log_ring_append(ring_.get(), level, line.data(), line.size());
    }

    std::vector<std::string> lines(size_t capacity = 64) const {
        std::vector<std::string> all;
        std::string line(capacity, '\0');
        uint64_t position = ring_->first;
        uint8_t level;
        size_t length;
        while (log_ring_next(ring_.get(), &position, &level, line.data(), capacity, &length)) {
            all.push_back(std::to_string(level) + line.substr(0, length));
        }
        return all;
    }

    std::unique_ptr<log_ring> ring_ = std::make_unique<log_ring>();
};

TEST_F(LogRingTest, StartsEmpty) {
    EXPECT_TRUE(lines().empty());
}

TEST_F(LogRingTest, GivesLinesBackInOrderWithTheirLevels) {
    append(2, "one");
    append(0, "");
    append(1, "three");
    EXPECT_EQ(lines(), (std::vector<std::string>{"2one", "0", "1three"}));
}

TEST_F(LogRingTest, ALineLongerThanTheReadersRoomIsCut) {
    append(0, "a long line");
    append(0, "next");
    EXPECT_EQ(lines(6), (std::vector<std::string>{"0a long", "0next"}));
}

TEST_F(LogRingTest, TheOldestWholeLinesMakeRoomForTheNewest) {
    std::string line(100, 'x');
    for (unsigned i = 0; i < 1000; i++) {
        append(1, line);
    }
    append(1, "last");
    std::vector<std::string> kept = lines(128);
    EXPECT_EQ(kept.size(), (LOG_RING_BYTES - 6) / 102 + 1);
    EXPECT_EQ(kept.front(), "1" + line);
    EXPECT_EQ(kept.back(), "1last");
}

TEST_F(LogRingTest, ALineThatMissesItsRoomByAByteDropsTheOldest) {
    append(1, "old");
    append(1, "kept");
    std::string line(LOG_RING_BYTES - 5 - 6 - 2 + 1,
                     'x'); // a line takes two bytes more than its text
    append(2, line);
    EXPECT_EQ(lines(LOG_RING_BYTES), (std::vector<std::string>{"1kept", "2" + line}));
}

TEST_F(LogRingTest, ALineAsLargeAsTheRingReplacesAll) {
    append(1, "old");
    std::string largest(LOG_RING_BYTES - 2, 'x');
    append(2, largest);
    EXPECT_EQ(lines(LOG_RING_BYTES), (std::vector<std::string>{"2" + largest}));
}

} // namespace
