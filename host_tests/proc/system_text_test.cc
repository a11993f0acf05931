#include "kernel/proc/text/system_text.h"

#include <gtest/gtest.h>

#include <string>

#include "host_tests/kernel/captured_text.h"

namespace {

bool has(const std::string &text, const std::string &piece) {
    return text.find(piece) != std::string::npos;
}

TEST(SystemTextTest, MeminfoSaysHowMuchThereIs) {
    memory_totals totals = {};
    totals.total = 1000;
    totals.free = 600;
    totals.tables = 7;
    totals.direct_map[1] = 512;
    CapturedText text;
    meminfo_write(text.sink(), &totals);
    EXPECT_EQ(text.text().rfind("MemTotal:           4000 kB\nMemFree:            2400 kB\n", 0),
              0u);
    EXPECT_TRUE(has(text.text(), "\nMemAvailable:       2400 kB\n"));
    EXPECT_TRUE(has(text.text(), "\nPageTables:           28 kB\n"));
    EXPECT_TRUE(has(text.text(), "\nHugePages_Total:       0\n"));
    EXPECT_TRUE(has(text.text(), "\nDirectMap2M:        2048 kB\n"));
}

TEST(SystemTextTest, StatCountsInHundredthsOfASecond) {
    activity now = {};
    now.user_ticks = 3;
    now.kernel_ticks = 2;
    now.idle_ticks = 95;
    now.interrupts[0] = 10;
    now.interrupts[4] = 5;
    now.switches = 77;
    CapturedText text;
    activity_write(text.sink(), &now);
    EXPECT_EQ(text.text().rfind("cpu  3 0 2 95 0 0 0 0 0 0\ncpu0 3 0 2 95 0 0 0 0 0 0\n"
                                "intr 15 10 0 0 0 5 ",
                                0),
              0u);
    EXPECT_TRUE(has(text.text(), "\nctxt 77\n"));
}

TEST(SystemTextTest, UptimeAndLoadHaveTwoDigitsBehindThePoint) {
    activity now = {};
    now.uptime_ns = 61'050'000'000;
    now.idle_ticks = 5003;
    now.loads[0] = LOAD_ONE;
    now.loads[1] = LOAD_ONE / 2;
    now.running = 1;
    now.tasks = 4;
    now.last_number = 30;
    CapturedText uptime;
    CapturedText loads;
    uptime_write(uptime.sink(), &now);
    loads_write(loads.sink(), &now);
    EXPECT_EQ(uptime.text(), "61.05 50.03\n");
    EXPECT_EQ(loads.text(), "1.00 0.50 0.00 1/4 30\n");
}

TEST(SystemTextTest, InterruptsAreThoseThatCame) {
    activity now = {};
    now.interrupts[0] = 123;
    CapturedText text;
    interrupts_write(text.sink(), &now);
    EXPECT_EQ(text.text(), "           CPU0\n  0:        123    XT-PIC  timer\n");
}

TEST(SystemTextTest, AMountsPathIsOneWord) {
    mount_facts mount = {4, 1, 3, "tmpfs", "/c d", "/a b\\"};
    CapturedText line;
    CapturedText info;
    mount_write(line.sink(), &mount);
    mountinfo_write(info.sink(), &mount);
    EXPECT_EQ(line.text(), "tmpfs /a\\040b\\134 tmpfs rw,relatime 0 0\n");
    EXPECT_EQ(info.text(), "4 1 0:3 /c\\040d /a\\040b\\134 rw,relatime - tmpfs tmpfs rw\n");
}

TEST(SystemTextTest, ACpusFlagsAreThoseOfCpuid) {
    cpu_facts cpu = {};
    cpu.vendor = "GenuineIntel";
    cpu.name = "";
    cpu.khz = 2'500'250;
    cpu.words[0] = 1 << 0 | 1 << 25;
    cpu.words[2] = 1 << 20;
    CapturedText text;
    cpuinfo_write(text.sink(), &cpu);
    EXPECT_TRUE(has(text.text(), "model name\t: unknown\n"));
    EXPECT_TRUE(has(text.text(), "cpu MHz\t\t: 2500.250\n"));
    EXPECT_TRUE(has(text.text(), "flags\t\t: fpu sse nx\n")) << text.text();
}

} // namespace
