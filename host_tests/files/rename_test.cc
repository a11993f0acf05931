#include "host_tests/files/files_test.h"

namespace {

using Names = std::vector<std::string>;

/* /a/inner/, /b/ and the files /f and /g. */
class RenameTest : public FilesTest {
  protected:
    void SetUp() override {
        FilesTest::SetUp();
        a = make_directory(root, "a");
        inner = make_directory(a, "inner");
        b = make_directory(root, "b");
        f = make_file(root, "f");
        g = make_file(root, "g");
    }

    void end_files() override {
        for (Held *held : {&a, &inner, &b, &f, &g}) {
            *held = Held();
        }
    }

    Held a, inner, b, f, g;
};

TEST_F(RenameTest, ANameMovesAndTheNodeStays) {
    EXPECT_EQ(rename(root, "f", a, "h"), STATUS_OK);
    EXPECT_EQ(find(a, "h"), f);
    EXPECT_FALSE(has(root, "f"));
    EXPECT_EQ(stat(f).link_count, 1u);
    EXPECT_EQ(rename(root, "f", a, "h"), STATUS_NOT_FOUND);
}

TEST_F(RenameTest, ADeviceCanBeLeftBehind) {
    EXPECT_EQ(rename(root, "f", root, "g", RENAME_ONLY_NEW_LEAVING), STATUS_EXISTS);
    EXPECT_EQ(rename(root, "f", root, "g", RENAME_OVER_LEAVING), STATUS_OK);
    EXPECT_EQ(find(root, "g"), f);
    EXPECT_EQ(stat(find(root, "f")).mode, static_cast<uint32_t>(NODE_CHARACTER_DEVICE));
    EXPECT_EQ(list(root), (Names{"a", "b", "g", "f"}));
}

TEST_F(RenameTest, WhatHadTheNameGoes) {
    EXPECT_EQ(rename(root, "f", root, "g"), STATUS_OK);
    EXPECT_EQ(find(root, "g"), f);
    EXPECT_EQ(stat(g).link_count, 0u);
    EXPECT_EQ(list(root), (Names{"a", "b", "g"}));
}

TEST_F(RenameTest, ADirectoryReplacesAnEmptyDirectoryOnly) {
    EXPECT_EQ(rename(root, "b", root, "a"), STATUS_NOT_EMPTY);
    EXPECT_EQ(rename(root, "a", root, "b"), STATUS_OK);
    EXPECT_EQ(find(root, "b"), a);
    EXPECT_EQ(stat(b).link_count, 0u);
    EXPECT_EQ(stat(root).link_count, 3u);
}

TEST_F(RenameTest, FilesAndDirectoriesDoNotReplaceEachOther) {
    EXPECT_EQ(rename(root, "f", root, "b"), STATUS_IS_A_DIRECTORY);
    EXPECT_EQ(rename(root, "b", root, "f"), STATUS_NOT_A_DIRECTORY);
}

TEST_F(RenameTest, NothingMovesIntoItself) {
    EXPECT_EQ(rename(root, "a", inner, "x"), STATUS_INVALID);
    EXPECT_EQ(rename(root, "a", a, "x"), STATUS_INVALID);
    EXPECT_EQ(rename(a, "inner", root, "a"), STATUS_NOT_EMPTY) << "it is above the source";
    EXPECT_EQ(rename(a, "inner", root, "a", RENAME_SWAP), STATUS_INVALID);
}

TEST_F(RenameTest, MovingADirectoryMovesTheLinkOfItsParent) {
    EXPECT_EQ(rename(a, "inner", b, "x"), STATUS_OK);
    EXPECT_EQ(stat(a).link_count, 2u);
    EXPECT_EQ(stat(b).link_count, 3u);
    EXPECT_EQ(Held(directory_parent(inner)), b);
}

TEST_F(RenameTest, TwoNamesOfOneNodeBothStay) {
    ASSERT_EQ(directory_link(a, name_of("h"), f, &ROOT), STATUS_OK);
    EXPECT_EQ(rename(root, "f", a, "h"), STATUS_OK);
    EXPECT_TRUE(has(root, "f"));
    EXPECT_EQ(stat(f).link_count, 2u);
    EXPECT_EQ(rename(root, "f", root, "f"), STATUS_OK);
    EXPECT_TRUE(has(root, "f"));
}

TEST_F(RenameTest, OnlyNewLeavesWhatIsThere) {
    EXPECT_EQ(rename(root, "f", root, "g", RENAME_ONLY_NEW), STATUS_EXISTS);
    EXPECT_EQ(rename(root, "f", root, "f", RENAME_ONLY_NEW), STATUS_EXISTS);
    EXPECT_EQ(rename(root, "f", root, "h", RENAME_ONLY_NEW), STATUS_OK);
}

TEST_F(RenameTest, ExchangingSwapsTheNodesOfTwoNames) {
    EXPECT_EQ(rename(root, "f", root, "x", RENAME_SWAP), STATUS_NOT_FOUND);
    EXPECT_EQ(rename(root, "f", a, "inner", RENAME_SWAP), STATUS_OK);
    EXPECT_EQ(find(root, "f"), inner);
    EXPECT_EQ(find(a, "inner"), f);
    EXPECT_EQ(stat(a).link_count, 2u);
    EXPECT_EQ(stat(root).link_count, 5u);
    EXPECT_EQ(Held(directory_parent(inner)), root);
    EXPECT_EQ(rename(root, "a", root, "b", RENAME_SWAP), STATUS_OK);
    EXPECT_EQ(find(root, "b"), a);
    EXPECT_EQ(list(root), (Names{"a", "b", "f", "g"}));
}

TEST_F(RenameTest, ASlashBehindAFilesNameIsRefused) {
    rename_end file = {root, name_of("f"), true};
    rename_end fresh = {root, name_of("x"), true};
    rename_end plain = {root, name_of("f"), false};
    EXPECT_EQ(directory_rename(&file, &fresh, RENAME_OVER, &ROOT), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(directory_rename(&plain, &fresh, RENAME_OVER, &ROOT), STATUS_NOT_A_DIRECTORY);
    rename_end directory = {root, name_of("a"), true};
    EXPECT_EQ(directory_rename(&directory, &fresh, RENAME_OVER, &ROOT), STATUS_OK);
}

TEST_F(RenameTest, BothDirectoriesMustBeWritable) {
    Held open = make_directory(root, "open", ROOT, 0777);
    make_file(open, "x", ALICE);
    EXPECT_EQ(rename(open, "x", root, "y", RENAME_OVER, ALICE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(rename(root, "f", open, "y", RENAME_OVER, ALICE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(rename(open, "x", open, "y", RENAME_OVER, ALICE), STATUS_OK);
}

TEST_F(RenameTest, ADirectoryThatGetsAnotherParentMustBeWritableItself) {
    Held open = make_directory(root, "open", ROOT, 0777);
    Held other = make_directory(root, "other", ROOT, 0777);
    make_directory(open, "d", ROOT, 0755);
    EXPECT_EQ(rename(open, "d", other, "d", RENAME_OVER, ALICE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(rename(open, "d", open, "e", RENAME_OVER, ALICE), STATUS_OK);
}

} // namespace
