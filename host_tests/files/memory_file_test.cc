#include "kernel/files/memory_file/memory_file.h"

#include "host_tests/files/file_test.h"
#include "kernel/files/file/seals.h"
#include "kernel/files/path/changes.h"

namespace {

constexpr uint32_t NAMELESS = OPEN_NAMELESS | OPEN_DIRECTORY | OPEN_READ_WRITE;

class MemoryFileTest : public FileTest {
  protected:
    void end_files() override {
        memory_files_end();
        FileTest::end_files();
    }

    static Open make(const char *name, uint32_t seals = 0) {
        memory_file_request request = {name, 0600, seals, 7, 8, 0};
        file *made = nullptr;
        EXPECT_EQ(memory_file_create(&request, &made), STATUS_OK);
        return Open(made);
    }

    std::string shown(const Open &file) {
        char buffer[PATH_SIZE_MAX];
        const char *path = nullptr;
        EXPECT_EQ(path_of(&file->place, &view.root, buffer, sizeof(buffer), &path), STATUS_OK);
        return path;
    }

    status link_to(const Open &file, const char *path) {
        return path_link(&file->place, &view, path);
    }
};

TEST_F(MemoryFileTest, AFileInMemoryHasANameThatLeadsNowhere) {
    Open file = make("pool");
    EXPECT_EQ(shown(file), "/memfd:pool (deleted)");
    ASSERT_EQ(put(file, "abc"), STATUS_OK);
    EXPECT_EQ(seek(file, 0, FROM_END), 3);
    file_stat seen;
    file_inspect(file, &seen);
    EXPECT_EQ(seen.mode, 0100600u);
    EXPECT_EQ(seen.link_count, 0u);
    EXPECT_EQ(seen.user, 7u);
    Open other = make("pool");
    file_stat of_other;
    file_inspect(other, &of_other);
    EXPECT_NE(of_other.number, seen.number);
    EXPECT_EQ(link_to(file, "/pool"), STATUS_OTHER_FILE_SYSTEM);
}

TEST_F(MemoryFileTest, SealsRefuseForGood) {
    Open file = make("x");
    uint32_t seals = 99;
    ASSERT_EQ(put(file, std::string(5000, 'x')), STATUS_OK);
    EXPECT_EQ(file_seals(file, &seals), STATUS_OK);
    EXPECT_EQ(seals, 0u);
    EXPECT_EQ(file_add_seals(file, 0x40), STATUS_INVALID);
    EXPECT_EQ(file_add_seals(file, SEAL_SHRINKING), STATUS_OK);
    EXPECT_EQ(file_resize(file, &ROOT, 4999), STATUS_NOT_PERMITTED);
    EXPECT_EQ(file_resize(file, &ROOT, 5001), STATUS_OK);
    EXPECT_EQ(file_add_seals(file, SEAL_GROWING), STATUS_OK);
    EXPECT_EQ(file_resize(file, &ROOT, 5002), STATUS_NOT_PERMITTED);
    EXPECT_EQ(file_fill(file, &ROOT, FILL, 5000, 10), STATUS_NOT_PERMITTED);
    EXPECT_EQ(file_fill(file, &ROOT, FILL_KEEP_SIZE, 5000, 10), STATUS_OK);
    EXPECT_EQ(file_fill(file, &ROOT, FILL_WITH_HOLE, 0, 10), STATUS_OK);
    EXPECT_EQ(file_add_seals(file, SEAL_WRITING), STATUS_OK);
    EXPECT_EQ(seek(file, 0, FROM_START), 0);
    EXPECT_EQ(put(file, "y"), STATUS_NOT_PERMITTED);
    EXPECT_EQ(file_fill(file, &ROOT, FILL_WITH_HOLE, 0, 10), STATUS_NOT_PERMITTED);
    EXPECT_EQ(file_add_seals(file, SEAL_SEALS), STATUS_OK);
    EXPECT_EQ(file_add_seals(file, SEAL_FUTURE_WRITING), STATUS_NOT_PERMITTED);
    EXPECT_EQ(file_seals(file, &seals), STATUS_OK);
    EXPECT_EQ(seals, 15u);
}

TEST_F(MemoryFileTest, WhatMayNotGrowIsWrittenUpToItsLastWholePage) {
    Open file = make("x");
    ASSERT_EQ(put(file, std::string(5000, 'x')), STATUS_OK);
    ASSERT_EQ(file_add_seals(file, SEAL_GROWING), STATUS_OK);
    size_t done = 0;
    EXPECT_EQ(seek(file, 4000, FROM_START), 4000);
    EXPECT_EQ(put(file, std::string(2000, 'y'), &done), STATUS_OK);
    EXPECT_EQ(done, 96u);
    EXPECT_EQ(put(file, std::string(2000, 'y')), STATUS_NOT_PERMITTED);
    EXPECT_EQ(put(file, std::string(904, 'y')), STATUS_OK) << "this does not grow it";
    EXPECT_EQ(put(file, "y"), STATUS_NOT_PERMITTED);
}

TEST_F(MemoryFileTest, OnlyWhatWasMadeForItCanBeSealed) {
    Open file = open("/f", OPEN_READ_WRITE | OPEN_CREATE);
    uint32_t seals = 0;
    EXPECT_EQ(file_seals(file, &seals), STATUS_OK);
    EXPECT_EQ(seals, SEAL_SEALS);
    EXPECT_EQ(file_add_seals(file, SEAL_WRITING), STATUS_NOT_PERMITTED);
    Open directory = open("/", OPEN_READ_ONLY);
    EXPECT_EQ(file_add_seals(directory, SEAL_WRITING), STATUS_INVALID);
    EXPECT_EQ(file_seals(directory, &seals), STATUS_INVALID);
}

TEST_F(MemoryFileTest, WhatCanBeExecutedIsSealedAltogether) {
    Open file = make("x");
    ASSERT_EQ(node_change_permissions(file->place.node, &ROOT, 0700), STATUS_OK);
    EXPECT_EQ(file_add_seals(file, SEAL_EXECUTING), STATUS_OK);
    uint32_t seals = 0;
    EXPECT_EQ(file_seals(file, &seals), STATUS_OK);
    EXPECT_EQ(seals, 62u);
}

TEST_F(MemoryFileTest, ASealKeepsThePermissionsToExecute) {
    Open file = make("x", SEAL_EXECUTING);
    EXPECT_EQ(node_change_permissions(file->place.node, &ROOT, 0700), STATUS_NOT_PERMITTED);
    EXPECT_EQ(node_change_permissions(file->place.node, &ROOT, 0640), STATUS_OK);
}

TEST_F(MemoryFileTest, AFileWithoutANameGetsOneByALink) {
    ASSERT_EQ(mkdir("/d"), STATUS_OK);
    Open file = open("/d", NAMELESS);
    ASSERT_EQ(put(file, "abc"), STATUS_OK);
    EXPECT_EQ(shown(file), "/d/# (deleted)");
    EXPECT_EQ(rmdir("/d"), STATUS_OK) << "nothing is in it";
    EXPECT_EQ(link_to(file, "/f"), STATUS_OK);
    EXPECT_EQ(shown(file), "/f");
    EXPECT_EQ(get(open("/f")), "abc");
    EXPECT_EQ(path_remove(&view, "/f"), STATUS_OK);
    EXPECT_EQ(link_to(file, "/f"), STATUS_NOT_FOUND) << "once only";
}

TEST_F(MemoryFileTest, AFileWithoutANameIsMadeInADirectoryThatCanBeWrittenTo) {
    Open file = open("/", NAMELESS | OPEN_EXCLUSIVE);
    EXPECT_EQ(link_to(file, "/f"), STATUS_NOT_FOUND) << "it is never to have a name";
    ASSERT_EQ(touch("/g"), STATUS_OK);
    EXPECT_EQ(open_status("/g", NAMELESS), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(open_status("/none", NAMELESS), STATUS_NOT_FOUND);
    EXPECT_EQ(open_status("/", OPEN_NAMELESS | OPEN_READ_WRITE), STATUS_INVALID);
    EXPECT_EQ(open_status("/", OPEN_NAMELESS | OPEN_DIRECTORY), STATUS_INVALID);
    view.credentials = &ALICE;
    EXPECT_EQ(open_status("/", NAMELESS), STATUS_ACCESS_DENIED);
    view.credentials = &ROOT;
}

} // namespace
