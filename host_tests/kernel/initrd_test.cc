#include "kernel/initrd/initrd.h"

#include <cstdio>
#include <string>

#include <gtest/gtest.h>

#include "host_tests/kernel/captured_text.h"

namespace {

constexpr uint32_t kRegular = 0100644;
constexpr uint32_t kDirectory = 0040755;

struct File {
    std::string name;
    std::string content;
    uint32_t mode = kRegular;
    uint32_t inode = 1;
    uint32_t links = 1;
};

class InitrdTest : public ::testing::Test {
  protected:
    void Add(const File &file) {
        char header[111];
        snprintf(header, sizeof(header),
                 "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", file.inode,
                 file.mode, 0, 0, file.links, 0, file.content.size(), 0, 0, 0, 0,
                 file.name.size() + 1, 0);
        archive_ += header + file.name + '\0';
        Pad();
        archive_ += file.content;
        Pad();
    }

    void End() {
        Add({"TRAILER!!!", "", 0, 0});
    }

    void Pad() {
        archive_.resize((archive_.size() + 3) / 4 * 4);
    }

    initrd Disk() {
        return {reinterpret_cast<const uint8_t *>(archive_.data()), archive_.size()};
    }

    status Check() {
        initrd disk = Disk();
        return initrd_check(&disk, said_.sink(), &count_);
    }

    void ExpectDamaged(const std::string &number) {
        EXPECT_EQ(Check(), STATUS_INVALID);
        EXPECT_EQ(said_.number(), number) << said_.text();
    }

    status Find(const char *path) {
        initrd disk = Disk();
        return initrd_find(&disk, path, said_.sink(), &entry_);
    }

    std::string Content() {
        return std::string(reinterpret_cast<const char *>(entry_.content), entry_.size_bytes);
    }

    std::string archive_;
    size_t count_ = 0;
    initrd_entry entry_;
    CapturedText said_;
};

TEST_F(InitrdTest, FilesAreFoundByNameWithTheirContent) {
    Add({"bin", "", kDirectory});
    Add({"bin/hello", "machine code"});
    Add({"motd", "x"});
    End();
    ASSERT_EQ(Find("bin/hello"), STATUS_OK) << said_.text();
    EXPECT_EQ(Content(), "machine code");
    EXPECT_EQ(entry_.mode, kRegular);
    EXPECT_EQ(Check(), STATUS_OK);
    EXPECT_EQ(count_, 3u);
}

TEST_F(InitrdTest, PathsMatchHoweverTheRootIsWritten) {
    Add({"./bin/hello", "code"});
    Add({"/etc/motd", "text"});
    End();
    EXPECT_EQ(Find("/bin/hello"), STATUS_OK);
    EXPECT_EQ(Find("bin/hello"), STATUS_OK);
    EXPECT_EQ(Find("./etc/motd"), STATUS_OK);
}

TEST_F(InitrdTest, OfTwoFilesWithOneNameTheLaterCounts) {
    Add({"a", "old"});
    Add({"a", "new"});
    End();
    ASSERT_EQ(Find("a"), STATUS_OK);
    EXPECT_EQ(Content(), "new");
}

TEST_F(InitrdTest, AHardLinkHasTheContentOfItsInode) {
    Add({"first", "", kRegular, 7, 2});
    Add({"other", "unrelated", kRegular, 8, 1});
    Add({"last", "shared", kRegular, 7, 2});
    End();
    ASSERT_EQ(Find("first"), STATUS_OK);
    EXPECT_EQ(Content(), "shared");
}

TEST_F(InitrdTest, AnArchiveWithNothingInItIsFine) {
    End();
    EXPECT_EQ(Check(), STATUS_OK);
    EXPECT_EQ(count_, 0u);
}

TEST_F(InitrdTest, WhatFollowsTheTrailerIsNotLookedAt) {
    Add({"a", "x"});
    End();
    archive_ += "rubbish";
    EXPECT_EQ(Check(), STATUS_OK);
}

TEST_F(InitrdTest, AMissingFileIsNamed) {
    End();
    EXPECT_EQ(Find("/init"), STATUS_NOT_FOUND);
    EXPECT_EQ(said_.text(), "K307: RAM disk: no such file: '/init'\n");
}

TEST_F(InitrdTest, ADirectoryIsNotAFile) {
    Add({"bin", "", kDirectory});
    End();
    EXPECT_EQ(Find("bin"), STATUS_ACCESS_DENIED);
    EXPECT_EQ(said_.number(), "K308");
}

TEST_F(InitrdTest, ANameThatWouldMoveTheCursorIsQuoted) {
    End();
    EXPECT_EQ(Find("\033[2J'"), STATUS_NOT_FOUND);
    EXPECT_EQ(said_.text(), "K307: RAM disk: no such file: '\\x1b[2J\\x27'\n");
}

TEST_F(InitrdTest, AnArchiveCutInAHeaderIsDamaged) {
    Add({"a", "x"});
    archive_.resize(archive_.size() + 109, '0');
    ExpectDamaged("K301");
}

TEST_F(InitrdTest, AnotherFormatIsNamed) {
    archive_ = std::string("\x1f\x8b\x08", 3) + std::string(200, 'z');
    ExpectDamaged("K302");
    EXPECT_EQ(said_.text(),
              "K302: RAM disk: no newc header at offset 0, but '\\x1f\\x8b\\x08zzz'\n");
}

TEST_F(InitrdTest, ALetterAmongTheDigitsIsDamage) {
    Add({"a", "x"});
    archive_[54] = 'g';
    ExpectDamaged("K303");
}

TEST_F(InitrdTest, ANameWithoutAnEndIsDamage) {
    Add({"a", "x"});
    archive_[111] = 'b';
    ExpectDamaged("K304");
}

TEST_F(InitrdTest, ANameThatLeavesTheArchiveIsDamage) {
    Add({"a", "x"});
    archive_.replace(94, 8, "ffffffff");
    ExpectDamaged("K304");
}

TEST_F(InitrdTest, ANameOfNoBytesIsDamage) {
    Add({"a", "x"});
    archive_.replace(94, 8, "00000000");
    ExpectDamaged("K304");
}

TEST_F(InitrdTest, ContentThatLeavesTheArchiveIsDamage) {
    Add({"a", "x"});
    archive_.replace(54, 8, "ffffffff");
    ExpectDamaged("K305");
}

TEST_F(InitrdTest, AnArchiveWithoutATrailerIsDamage) {
    Add({"a", "x"});
    ExpectDamaged("K306");
    EXPECT_EQ(count_, 1u);
}

} // namespace
