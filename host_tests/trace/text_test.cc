#include "kernel/trace/text.h"

#include <string>
#include <vector>

#include "host_tests/kernel/captured_text.h"
#include "host_tests/paging/paging_test.h"

namespace {

constexpr uint64_t VA = 4 * GIB;

class TraceTextTest : public PagingTest {
  protected:
    /* The lines of what is reported from here on. */
    void listen() {
        pc().trace([this](const table_event &event) {
            change_circumstances now = {.ticks = 7, .process_id = 2, .cpu = 1, .name = "a b"};
            trace_text_event(&event, &now, text_.sink());
        });
    }

    std::vector<std::string> lines(const std::string &word) {
        std::vector<std::string> found;
        std::string text = text_.text();
        for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
            std::string line = text.substr(at, text.find('\n', at) - at);
            if (line.starts_with(word + " ")) {
                found.push_back(line);
            }
        }
        return found;
    }

    std::string only(const std::string &word) {
        std::vector<std::string> found = lines(word);
        EXPECT_EQ(found.size(), 1u) << text_.text();
        return found.empty() ? "" : found[0];
    }

    void expect_has(const std::string &line, const std::string &part) {
        EXPECT_NE((line + " ").find(" " + part + " "), std::string::npos) << line;
    }

    std::string hash(const page_table &table) {
        CapturedText text;
        trace_text_hash(&table, text.sink());
        return text.text().substr(text.text().find("half"));
    }

  private:
    CapturedText text_;
};

} // namespace

TEST_F(TraceTextTest, ALineSaysWhoDidWhatToWhichTable) {
    listen();
    ASSERT_EQ(map(pages_at(VA, 512), DEVICE, USER_RO, 1), STATUS_OK);
    std::string line = only("map");
    for (const char *part :
         {"half=user", "status=0", "cpu=1", "tick=7", "pid=2", "va=100000000", "pages=512",
          "pa=c0000000", "level=1", "rights=9", "cache=0", "key=0", "by=a b"}) {
        expect_has(line, part);
    }
    EXPECT_TRUE(line.ends_with(" by=a b"));
    ASSERT_EQ(unmap(pages_at(VA, 512)), STATUS_OK);
}

TEST_F(TraceTextTest, FramesAreListedOneForEachPage) {
    std::vector<phys_addr_t> frames = new_frames(2);
    listen();
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 2), frames.data(), USER_RW), STATUS_OK);
    char list[64];
    snprintf(list, sizeof list, "frames=%llx,%llx", (unsigned long long)frames[0].value,
             (unsigned long long)frames[1].value);
    expect_has(only("map_frames"), list);
}

TEST_F(TraceTextTest, FramesOfObjectsAndMovesAreTold) {
    phys_addr_t page;
    ASSERT_EQ(frame_alloc_zeroed(FRAME_FILE, ZONE_NORMAL, &page), STATUS_OK);
    listen();
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 1), &page, USER_RW), STATUS_OK);
    expect_has(only("map_frames"), "objects=1");
    cpu(0).read(VA, USER);
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    EXPECT_EQ(page_table_move(&user, pages_at(VA, 1), virt_addr(VA + PAGE_SIZE), &gather),
              STATUS_OK);
    tlb_gather_finish(&gather);
    expect_has(only("move"), "to=100001000");
    EXPECT_TRUE(only("touched").ends_with("va=100000000 pages=1 level=0 dirty=0"));
    ASSERT_EQ(unmap(pages_at(VA, 2)), STATUS_OK);
    frame_free(page);
}

TEST_F(TraceTextTest, BeforeAnUnmapComesWhatACpuHasUsed) {
    ASSERT_EQ(map_new(pages_at(VA, 6)), STATUS_OK);
    cpu(0).read(VA + PAGE_SIZE, USER);
    cpu(0).read(VA + 2 * PAGE_SIZE, USER);
    cpu(0).write(VA + 3 * PAGE_SIZE, 1, USER);
    cpu(0).read(VA + 5 * PAGE_SIZE, USER);
    listen();
    ASSERT_EQ(unmap(pages_at(VA, 6)), STATUS_OK);
    std::vector<std::string> found = lines("touched");
    ASSERT_EQ(found.size(), 3u);
    EXPECT_TRUE(found[0].ends_with("va=100001000 pages=2 level=0 dirty=0"));
    EXPECT_TRUE(found[1].ends_with("va=100003000 pages=1 level=0 dirty=1"));
    EXPECT_TRUE(found[2].ends_with("va=100005000 pages=1 level=0 dirty=0"));
    expect_has(only("flush_done"), "scope=0");
    expect_has(only("flush_done"), "cpus=3");
    expect_has(only("flush_done"), "flush=100001000,100002000,100003000,100005000");
}

TEST_F(TraceTextTest, APartOfALargeLeafIsUsedToItsEnd) {
    ASSERT_EQ(map(pages_at(VA, 512), DEVICE, USER_RO, 1), STATUS_OK);
    cpu(0).read(VA, USER);
    listen();
    ASSERT_EQ(unmap(pages_at(VA + PAGE_SIZE, 1)), STATUS_OK);
    EXPECT_TRUE(only("touched").ends_with("va=100001000 pages=511 level=1 dirty=0"));
    ASSERT_EQ(unmap(pages_at(VA, 512)), STATUS_OK);
}

TEST_F(TraceTextTest, WhatIsRefusedTouchesNothing) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(0).read(VA, USER);
    listen();
    EXPECT_EQ(protect(pages_at(VA, 1), KERNEL_RW), STATUS_INVALID);
    EXPECT_TRUE(lines("touched").empty());
    expect_has(only("protect"), "status=-22");
}

TEST_F(TraceTextTest, AnActivationNamesBothTables) {
    listen();
    switch_to(0, other);
    char previous[32];
    snprintf(previous, sizeof previous, "previous=%llx", (unsigned long long)user.root.value);
    expect_has(only("activate"), previous);
    switch_to(0, user);
}

TEST_F(TraceTextTest, AHashIsOfWhatIsMappedAndNotOfWhatCpusSet) {
    ASSERT_EQ(map(pages_at(VA, 2), DEVICE, USER_RW), STATUS_OK);
    ASSERT_EQ(page_table_map(&other, pages_at(VA, 2), phys_addr(DEVICE), USER_RW, 2), STATUS_OK);
    cpu(0).write(VA, 1, USER);
    EXPECT_EQ(hash(user), hash(other));
    ASSERT_EQ(protect(pages_at(VA, 1), USER_RO), STATUS_OK);
    EXPECT_NE(hash(user), hash(other));
    ASSERT_EQ(protect(pages_at(VA, 1), NO_RIGHTS), STATUS_OK);
    EXPECT_NE(hash(user), hash(other));
}

TEST_F(TraceTextTest, ATableIsHashedBeforeItIsUnmappedAsAWhole) {
    ASSERT_EQ(map(pages_at(VA, 2), DEVICE, USER_RW), STATUS_OK);
    std::string expected = hash(user);
    listen();
    ASSERT_EQ(unmap(page_table_half_range(&user)), STATUS_OK);
    EXPECT_TRUE((only("hash") + "\n").ends_with(expected)) << expected;
}

TEST_F(TraceTextTest, ATableThatLosesAPartIsNotHashed) {
    ASSERT_EQ(map(pages_at(VA, 2), DEVICE, USER_RW), STATUS_OK);
    listen();
    ASSERT_EQ(unmap(pages_at(VA, 2)), STATUS_OK);
    EXPECT_TRUE(lines("hash").empty());
}

TEST_F(TraceTextTest, TheBeginningSaysWhatTheMachineCanDo) {
    CapturedText text;
    trace_text_begin(platform_features(), text.sink());
    EXPECT_EQ(text.text(), "quire-trace 1 levels=4 phys_addr_bits=46 no_execute=1 global_pages=1 "
                           "leaves_1g=1 pat=1 pcid=0\n");
    trace_text_end(text.sink());
    EXPECT_TRUE(text.text().ends_with("\nend\n"));
}
