#include "kernel/proc/text/process_text.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "host_tests/kernel/captured_text.h"

namespace {

class ProcessTextTest : public testing::Test {
  protected:
    ProcessTextTest() {
        facts.name = "sh";
        facts.state = 'S';
        facts.number = 12;
        facts.process = 12;
        facts.parent = 1;
        facts.group = 12;
        facts.session = 3;
        facts.terminal_group = -1;
        facts.thread_count = 2;
        facts.umask = 027;
        facts.has_memory = true;
        facts.memory.total = 10;
        facts.memory.resident_anonymous = 4;
        facts.memory.resident_file = 3;
        facts.memory.code = 2;
        facts.memory.data = 5;
        facts.memory.stack = 1;
    }

    using Write = void (*)(const text_sink *, const process_facts *);

    std::string text_of(Write write) {
        CapturedText text;
        write(text.sink(), &facts);
        return text.text();
    }

    static std::vector<std::string> words_of(const std::string &text) {
        std::istringstream stream(text);
        std::vector<std::string> words;
        for (std::string word; stream >> word;) {
            words.push_back(word);
        }
        return words;
    }

    /* What stands behind "Name:" in status. */
    std::string line(const std::string &name) {
        std::string text = "\n" + text_of(status_write);
        size_t start = text.find("\n" + name + ":\t");
        if (start == std::string::npos) {
            return "(absent)";
        }
        start += name.size() + 3;
        return text.substr(start, text.find('\n', start) - start);
    }

    process_facts facts = {};
};

TEST_F(ProcessTextTest, StatHasFiftyTwoFieldsWhereManProcHasThem) {
    facts.user_ticks = 1400;
    facts.nice = -5;
    facts.start_ticks = 2200;
    facts.memory.code_start = 2600;
    facts.exit_signal = 17;
    facts.memory.brk_start = 4700;
    facts.exit_code = 256;
    std::vector<std::string> fields = words_of(text_of(stat_write));
    ASSERT_EQ(fields.size(), 52u);
    EXPECT_EQ(fields[1 - 1], "12");
    EXPECT_EQ(fields[2 - 1], "(sh)");
    EXPECT_EQ(fields[3 - 1], "S");
    EXPECT_EQ(fields[4 - 1], "1") << "parent";
    EXPECT_EQ(fields[6 - 1], "3") << "session";
    EXPECT_EQ(fields[8 - 1], "-1") << "tpgid";
    EXPECT_EQ(fields[14 - 1], "1400") << "utime";
    EXPECT_EQ(fields[18 - 1], "15") << "priority";
    EXPECT_EQ(fields[19 - 1], "-5") << "nice";
    EXPECT_EQ(fields[20 - 1], "2") << "threads";
    EXPECT_EQ(fields[22 - 1], "2200") << "starttime";
    EXPECT_EQ(fields[23 - 1], "40960") << "vsize";
    EXPECT_EQ(fields[24 - 1], "7") << "rss";
    EXPECT_EQ(fields[26 - 1], "2600") << "startcode";
    EXPECT_EQ(fields[38 - 1], "17") << "exit_signal";
    EXPECT_EQ(fields[47 - 1], "4700") << "start_brk";
    EXPECT_EQ(fields[52 - 1], "256") << "exit_code";
}

TEST_F(ProcessTextTest, StatmCountsPages) {
    CapturedText text;
    statm_write(text.sink(), &facts.memory);
    EXPECT_EQ(text.text(), "10 7 3 2 0 6 0\n");
}

TEST_F(ProcessTextTest, StatusSaysWhoItIs) {
    facts.name = "a\nb\\";
    facts.users[1] = 1000;
    facts.more_groups[0] = 4;
    facts.more_groups[1] = 24;
    facts.more_group_count = 2;
    EXPECT_EQ(line("Name"), "a\\nb\\\\");
    EXPECT_EQ(line("Umask"), "0027");
    EXPECT_EQ(line("State"), "S (sleeping)");
    EXPECT_EQ(line("Uid"), "0\t1000\t0\t0");
    EXPECT_EQ(line("Groups"), "4 24 ");
    EXPECT_EQ(line("CapPrm"), "000001ffffffffff") << "its real user is root";
    EXPECT_EQ(line("CapEff"), "0000000000000000") << "its effective one is not";
}

TEST_F(ProcessTextTest, StatusSaysWhatItsMemoryIs) {
    EXPECT_EQ(line("VmSize"), "      40 kB");
    EXPECT_EQ(line("VmRSS"), "      28 kB");
    EXPECT_EQ(line("RssFile"), "      12 kB");
    facts.has_memory = false;
    EXPECT_EQ(line("VmSize"), "(absent)") << "it has ended";
}

TEST_F(ProcessTextTest, StatusSaysWhichSignalsItTakes) {
    facts.blocked = 1ull << 63 | 1;
    facts.queued_signals = 2;
    facts.queued_signals_limit = 99;
    EXPECT_EQ(line("SigBlk"), "8000000000000001");
    EXPECT_EQ(line("SigQ"), "2/99");
}

TEST_F(ProcessTextTest, EachStateHasItsWords) {
    const std::vector<std::pair<char, std::string>> states = {
        {'R', "R (running)"}, {'D', "D (disk sleep)"}, {'T', "T (stopped)"}, {'Z', "Z (zombie)"}};
    for (const auto &[state, words] : states) {
        facts.state = state;
        EXPECT_EQ(line("State"), words);
    }
}

TEST_F(ProcessTextTest, LimitsStandInColumns) {
    limit_facts limits[LIMIT_COUNT] = {};
    limits[0] = {UINT64_MAX, UINT64_MAX};
    limits[7] = {1024, 4096};
    CapturedText text;
    limits_write(text.sink(), limits);
    std::istringstream lines(text.text());
    std::vector<std::string> all;
    for (std::string each; std::getline(lines, each);) {
        all.push_back(each);
    }
    ASSERT_EQ(all.size(), 1u + LIMIT_COUNT);
    EXPECT_EQ(all[0],
              "Limit                     Soft Limit           Hard Limit           Units     ");
    EXPECT_EQ(all[1],
              "Max cpu time              unlimited            unlimited            seconds   ");
    EXPECT_EQ(all[8],
              "Max open files            1024                 4096                 files     ");
}

} // namespace
