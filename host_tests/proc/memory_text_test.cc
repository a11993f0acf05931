#include "kernel/proc/text/memory_text.h"

#include <gtest/gtest.h>

#include <string>

#include "host_tests/kernel/captured_text.h"
#include "kernel/proc/text/frames_text.h"

namespace {

std::string line_of(const map_facts &map) {
    CapturedText text;
    map_write(text.sink(), &map);
    return text.text();
}

TEST(MapsTest, ALineLooksAsOnLinux) {
    map_facts map = {};
    map.start = 0x400000;
    map.end = 0x401000;
    map.can_read = map.can_execute = true;
    map.offset_bytes = 0x2000;
    map.device = 8 << 8 | 1;
    map.number = 1234;
    map.path = "/bin/sh";
    EXPECT_EQ(line_of(map), "00400000-00401000 r-xp 00002000 08:01 1234"
                            "                               /bin/sh\n");
}

TEST(MapsTest, WithoutAPathItEndsBehindTheNumbers) {
    map_facts map = {};
    map.start = 0x7fffefff0000;
    map.end = 0x7ffff0000000;
    map.can_write = map.is_shared = true;
    map.path = "";
    EXPECT_EQ(line_of(map), "7fffefff0000-7ffff0000000 -w-s 00000000 00:00 0 \n");
}

TEST(MapsTest, APathBreaksNoLine) {
    map_facts map = {};
    map.path = "/a\nb";
    std::string line = line_of(map);
    EXPECT_EQ(line.substr(73), "/a\\012b\n");
}

TEST(SmapsTest, WhatAnAreaHasIsSaidInKibibytes) {
    map_facts map = {};
    map_usage usage = {};
    map.can_read = true;
    map.path = "";
    usage.size = 3;
    usage.resident = 2;
    usage.share_bytes = 6144;
    usage.private_dirty = 1;
    CapturedText text;
    map_usage_write(text.sink(), &map, &usage);
    EXPECT_NE(text.text().find("Size:                 12 kB\n"), std::string::npos);
    EXPECT_NE(text.text().find("\nRss:                   8 kB\n"), std::string::npos);
    EXPECT_NE(text.text().find("\nPss:                   6 kB\n"), std::string::npos);
    EXPECT_NE(text.text().find("\nPrivate_Dirty:         4 kB\n"), std::string::npos);
    EXPECT_NE(text.text().find("\nVmFlags: rd mr mw me ac \n"), std::string::npos);
}

TEST(SmapsTest, ASumAddsEveryFigure) {
    map_usage one = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    map_usage sum = one;
    map_usage_add(&sum, &one);
    EXPECT_EQ(sum.size, 2u);
    EXPECT_EQ(sum.resident, 4u);
    EXPECT_EQ(sum.share_bytes, 6u);
    EXPECT_EQ(sum.shared_clean, 8u);
    EXPECT_EQ(sum.shared_dirty, 10u);
    EXPECT_EQ(sum.private_clean, 12u);
    EXPECT_EQ(sum.private_dirty, 14u);
    EXPECT_EQ(sum.referenced, 16u);
    EXPECT_EQ(sum.anonymous, 18u);
    EXPECT_EQ(sum.locked, 20u);
}

TEST(PagemapTest, APageHasTheBitsThatLinuxDocuments) {
    page_facts absent = {};
    absent.frame = 5;
    page_facts page = {true, false, true, 0x1234};
    page_facts file = {true, true, false, 0};
    EXPECT_EQ(pagemap_entry(&absent), 0u);
    EXPECT_EQ(pagemap_entry(&page), 1ull << 63 | 1ull << 56 | 0x1234);
    EXPECT_EQ(pagemap_entry(&file), 1ull << 63 | 1ull << 61);
}

TEST(FramesTest, NeighboursOfOneStateAreOneRun) {
    static const char free_state[] = "free";
    static const char table_state[] = "table";
    CapturedText text;
    frame_run run = {};
    frame_run_add(text.sink(), &run, 0, 2, free_state);
    frame_run_add(text.sink(), &run, 2, 1, free_state);
    frame_run_add(text.sink(), &run, 3, 1, table_state);
    frame_run_add(text.sink(), &run, 5, 1, table_state);
    frame_run_end(text.sink(), &run);
    EXPECT_EQ(text.text(), "0 3 free\n3000 1 table\n5000 1 table\n");
}

} // namespace
