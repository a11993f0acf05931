#include "host_tests/replay/replay.h"

#include <gtest/gtest.h>

#include <sstream>

#include "lib/status.h"

namespace {

using replay::BadRecording;
using replay::Result;

const std::string HEAD = "quire-trace 1 levels=4 phys_addr_bits=40 no_execute=1 global_pages=1 "
                         "leaves_1g=1 pat=1 pcid=0\n";
const std::string WHO = " status=0 cpu=0 tick=7 pid=2 at=ffffffff80001234";
const std::string NO_PLACE = " pa=0 level=0 rights=0 cache=0 key=0 by=a test\n";
const std::string KERNEL = "root=1000 half=kernel" + WHO;
const std::string USER = "root=2000 half=user" + WHO;
const std::string RW = " pa=0 level=0 rights=11 cache=0 key=0";
constexpr unsigned SHARED = 40; /* frames; a gather pays before it has the 33rd */
const std::string PAID = "paid " + USER + NO_PLACE;

/* A kernel with one process, which CPU 0 runs; `frames` at 400000. */
std::string with_process(const std::string &frames, unsigned page_count) {
    return HEAD + "create " + KERNEL + NO_PLACE + "adopt " + KERNEL + NO_PLACE + "create " + USER +
           NO_PLACE + "activate " + USER + " context=0 previous=0" + NO_PLACE + "map_frames " +
           USER + " va=400000 pages=" + std::to_string(page_count) + RW + " frames=" + frames +
           " by=a test\n";
}

std::string touched(const std::string &va) {
    return "touched root=2000 va=" + va + " pages=1 level=0 dirty=1\n";
}

std::string unmap(const std::string &va, const std::string &word = "unmap", unsigned pages = 1) {
    return word + " " + USER + " va=" + va + " pages=" + std::to_string(pages) + NO_PLACE;
}

std::string flush(const std::string &va) {
    return "flush_done " + USER + " scope=0 cpus=1 context=0 flush=" + va + NO_PLACE;
}

/* Addresses of frames in a row. */
std::string frames_from(uint64_t first, unsigned count) {
    std::ostringstream text;
    for (unsigned i = 0; i < count; i++) {
        text << (i == 0 ? "" : ",") << std::hex << first + i * 0x1000;
    }
    return text.str();
}

/* More frames than one gather holds, which the process has twice. In the first of its mappings it
 * has used a page before that at which the gather pays, and one behind it. */
std::string with_shared_frames() {
    std::string frames = frames_from(0x5000, SHARED);
    return with_process(frames, SHARED) + "map_frames " + USER +
           " va=800000 pages=" + std::to_string(SHARED) + RW + " frames=" + frames +
           " by=a test\n" + touched("400000") + touched("421000");
}

Result run(const std::string &text) {
    std::istringstream stream(text);
    return replay::run(replay::read_recording(stream));
}

/* The findings of a recording that is whole. */
std::vector<std::string> findings(const std::string &text) {
    std::vector<std::string> result;
    for (const replay::Finding &finding : run(text + "end\n").findings) {
        result.push_back(finding.text);
    }
    return result;
}

void expect_one(const std::vector<std::string> &found, const std::string &part) {
    ASSERT_EQ(found.size(), 1u);
    EXPECT_NE(found[0].find(part), std::string::npos) << found[0];
}

} // namespace

TEST(ReplayTest, WhatIsForgottenBeforeItIsFreedIsInOrder) {
    Result result = run(with_process("5000", 1) + touched("400000") + unmap("400000") +
                        flush("400000") + PAID + "end\n");
    EXPECT_TRUE(result.findings.empty());
    EXPECT_EQ(result.operations, 2u);
    EXPECT_EQ(result.flushes, 1u);
}

TEST(ReplayTest, AForgottenFlushIsFoundAndTheOperationNamed) {
    Result result =
        run(with_process("5000", 1) + touched("400000") + unmap("400000") + PAID + "end\n");
    ASSERT_GE(result.findings.size(), 1u);
    EXPECT_TRUE(result.findings[0].text.starts_with(
        "when line 9 was paid for: CPU 0 still translates 0x400000"))
        << result.findings[0].text;
    ASSERT_EQ(result.findings[0].after.size(), 1u);
    EXPECT_EQ(result.findings[0].after[0].line, 8u);
    EXPECT_EQ(result.findings[0].after[0].caller, 0xffffffff80001234u);
    EXPECT_EQ(result.findings[0].after[0].what,
              "unmap of 400000 + 1 pages of the table 2000 by a test");
}

TEST(ReplayTest, AFlushOfAnotherPageIsNoFlush) {
    EXPECT_FALSE(findings(with_process("5000", 1) + touched("400000") + unmap("400000") +
                          flush("401000") + PAID)
                     .empty());
}

TEST(ReplayTest, AFlushThatComesAfterTheFrameIsFreeComesTooLate) {
    EXPECT_FALSE(findings(with_process("5000", 1) + touched("400000") + unmap("400000") + PAID +
                          flush("400000"))
                     .empty());
}

TEST(ReplayTest, AFlushThatWasAskedForAndNotWaitedForIsNoFlush) {
    std::string started = flush("400000");
    started.replace(0, std::string("flush_done").size(), "flush_start");
    EXPECT_FALSE(
        findings(with_process("5000", 1) + touched("400000") + unmap("400000") + started + PAID)
            .empty());
}

TEST(ReplayTest, APageThatNoCpuHasUsedOwesNothing) {
    EXPECT_TRUE(findings(with_process("5000", 1) + unmap("400000") + PAID).empty());
}

TEST(ReplayTest, APageThatWasOnlyReadOwesAFlushToo) {
    std::string read = "touched root=2000 va=400000 pages=1 level=0 dirty=0\n";
    EXPECT_FALSE(findings(with_process("5000", 1) + read + unmap("400000") + PAID).empty());
}

TEST(ReplayTest, WhatOneTableOwesIsNotDueWhenAnotherPays) {
    std::string kernel_paid = "paid " + KERNEL + NO_PLACE;
    EXPECT_TRUE(findings(with_process("5000", 1) + touched("400000") + unmap("400000") +
                         kernel_paid + flush("400000") + PAID)
                    .empty());
}

TEST(ReplayTest, AFrameMayBeUsedAgainOnceItIsPaidFor) {
    EXPECT_TRUE(findings(with_process("5000", 1) + touched("400000") + unmap("400000") +
                         flush("400000") + PAID + "map_frames " + USER + " va=600000 pages=1" + RW +
                         " frames=5000 by=a test\n" + touched("600000") + unmap("600000") +
                         flush("600000") + PAID)
                    .empty());
}

TEST(ReplayTest, FramesThatAreKeptAreNotFreed) {
    EXPECT_TRUE(findings(with_process("5000", 1) + unmap("400000", "unmap_keeping_frames") + PAID +
                         "map_frames " + USER + " va=600000 pages=1" + RW +
                         " frames=5000 by=a test\n")
                    .empty());
}

TEST(ReplayTest, WhatIsMovedIsFlushedAtItsOldPlace) {
    std::string moved = "move " + USER +
                        " va=400000 pages=1 pa=0 level=0 rights=0 cache=0 key=0 "
                        "to=401000 by=a test\n";
    std::string head = with_process("5000", 1) + touched("400000") + moved;
    EXPECT_TRUE(findings(head + flush("400000") + PAID).empty());
    expect_one(findings(head + PAID), "still translates 0x400000 ");
}

TEST(ReplayTest, AnObjectsFrameOutlivesItsEntries) {
    std::string mapped =
        "map_frames " + USER + " va=600000 pages=1" + RW + " frames=7000 objects=1 by=a test\n";
    EXPECT_TRUE(findings(with_process("5000", 1) + mapped + unmap("600000") + PAID + mapped +
                         unmap("600000") + PAID)
                    .empty());
}

TEST(ReplayTest, AStatusThatTheLibraryDoesNotGiveIsFound) {
    expect_one(findings(with_process("5000", 1) + unmap("500000", "unmap_strict") + PAID),
               "line 7 succeeded in the kernel; replayed, its status is " +
                   std::to_string(STATUS_NOT_FOUND));
}

TEST(ReplayTest, WhatFailedInTheKernelIsNotDone) {
    std::string failed = unmap("400000");
    failed.replace(failed.find("status=0"), 8, "status=-12");
    Result result = run(with_process("5000", 1) + failed + PAID + "end\n");
    EXPECT_EQ(result.operations, 1u);
}

TEST(ReplayTest, TheTablesMustEndAsTheKernelSays) {
    std::vector<std::string> found =
        findings(with_process("5000,9000", 2) + "hash root=2000 half=user leaves=2 value=1\n");
    expect_one(found, "ends with 2 leaves and the hash 1; replayed, with 2 and ");
    std::string value = found[0].substr(found[0].rfind(' ') + 1);
    EXPECT_TRUE(findings(with_process("5000,9000", 2) + touched("401000") +
                         "hash root=2000 half=user leaves=2 value=" + value + "\n")
                    .empty())
        << "the same tables";
    EXPECT_EQ(findings(with_process("9000,5000", 2) +
                       "hash root=2000 half=user leaves=2 value=" + value + "\n")
                  .size(),
              1u)
        << "the same frames at other places";
}

TEST(ReplayTest, AnOperationMayPayInItsMidst) {
    EXPECT_TRUE(findings(with_shared_frames() + unmap("400000", "unmap", SHARED) + flush("400000") +
                         PAID + flush("421000") + PAID)
                    .empty());
}

TEST(ReplayTest, AFlushThatWasForgottenInTheMidstOfAnOperationIsFound) {
    std::vector<std::string> found = findings(
        with_shared_frames() + unmap("400000", "unmap", SHARED) + PAID + flush("421000") + PAID);
    expect_one(found, "still translates 0x400000 ");
}

TEST(ReplayTest, ADestroyedTableIsGoneWhenItIsPaidFor) {
    std::string left = "activate " + KERNEL + " context=0 previous=2000" + NO_PLACE;
    std::string destroyed = unmap("400000") + "destroy " + USER + NO_PLACE + PAID;
    EXPECT_TRUE(findings(with_process("5000", 1) + left + destroyed).empty());
    EXPECT_THROW(run(with_process("5000", 1) + left + destroyed + PAID + "end\n"), BadRecording);
}

TEST(ReplayTest, ATableThatACpuRunsMustNotBeDestroyed) {
    expect_one(findings(with_process("5000", 1) + "destroy " + USER + NO_PLACE + PAID),
               "destroyed while a CPU translated through it");
}

TEST(ReplayTest, ARecordingWithoutItsEndIsNotBelieved) {
    Result result = run(with_process("5000", 1));
    ASSERT_EQ(result.findings.size(), 1u);
    EXPECT_NE(result.findings[0].text.find("its last lines are missing"), std::string::npos);
}

TEST(ReplayTest, WhatIsOwedWhereARecordingWasCutOffIsNoFinding) {
    Result result = run(with_process("5000", 1) + touched("400000") + unmap("400000"));
    ASSERT_EQ(result.findings.size(), 1u);
    EXPECT_NE(result.findings[0].text.find("its last lines are missing"), std::string::npos);
}

TEST(ReplayTest, LineEndsOfASerialPortAreLineEnds) {
    std::string text = with_process("5000", 1) + "end\n";
    std::string with_returns;
    for (char c : text) {
        with_returns += c == '\n' ? "\r\n" : std::string(1, c);
    }
    EXPECT_TRUE(run(with_returns).findings.empty());
}

TEST(ReplayTest, WhatIsNoRecordingIsRefused) {
    std::string good = with_process("5000", 1);
    for (const std::string &text : {
             std::string(),
             std::string("Quire, a kernel\n"),
             "quire-trace 2" + good.substr(good.find(" levels")),
             HEAD.substr(0, HEAD.find("pcid=0")) + "pcid=1\n" + good.substr(HEAD.size()),
             HEAD + PAID,                        /* a table that was never made */
             HEAD + "create " + USER + NO_PLACE, /* a process before the kernel */
             good + "dance " + USER + " va=0 pages=1" + NO_PLACE,
             good + "unmap " + USER + NO_PLACE, /* no range */
             good + "unmap " + USER + " va=1 pages=1" + NO_PLACE,
             good + "unmap " + USER + " va=0x400000 pages=1" + NO_PLACE,
             good + "map_frames " + USER + " va=600000 pages=2" + RW + " frames=7000 by=x\n",
             good + "paid root=2000 half=user status=zero" + NO_PLACE,
             good + "paid root=2000 half=user status=0 cpu=64" + NO_PLACE,
         }) {
        EXPECT_THROW(run(text + "end\n"), BadRecording) << text;
    }
}
