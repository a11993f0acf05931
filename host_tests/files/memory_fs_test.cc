#include "host_tests/files/files_test.h"

#include "mm/heap/heap.h"

namespace {

using MemoryFsTest = FilesTest;

TEST_F(MemoryFsTest, WhatIsMadeIsFoundAndSaysWhatItIs) {
    open_to_all(root);
    Held file = make_file(root, "a", ALICE, 0640);
    EXPECT_EQ(find(root, "a"), file);
    EXPECT_FALSE(has(root, "b"));
    file_stat seen = stat(file);
    EXPECT_EQ(seen.mode, 0100640u);
    EXPECT_EQ(seen.user, 1000u);
    EXPECT_EQ(seen.link_count, 1u);
    EXPECT_EQ(seen.device, stat(root).device);
    EXPECT_NE(seen.number, stat(root).number);
    EXPECT_EQ(make(root, "a", NODE_DIRECTORY, 0755), STATUS_EXISTS);
}

TEST_F(MemoryFsTest, ADirectoryCountsTheDirectoriesInIt) {
    Held a = make_directory(root, "a");
    make_directory(a, "b");
    make_file(a, "c");
    EXPECT_EQ(stat(root).link_count, 3u);
    EXPECT_EQ(stat(a).link_count, 3u);
    EXPECT_EQ(remove_directory(a, "b"), STATUS_OK);
    EXPECT_EQ(stat(a).link_count, 2u);
}

TEST_F(MemoryFsTest, NamesHaveAtMost255Bytes) {
    EXPECT_EQ(make(root, std::string(255, 'a'), NODE_REGULAR, 0644), STATUS_OK);
    EXPECT_EQ(make(root, std::string(256, 'a'), NODE_REGULAR, 0644), STATUS_NAME_TOO_LONG);
    EXPECT_EQ(list(root), std::vector<std::string>{std::string(255, 'a')});
}

TEST_F(MemoryFsTest, AThousandNamesAreFoundAndListedInTheOrderTheyCame) {
    std::vector<std::string> names;
    for (int i = 0; i < 1000; i++) {
        names.push_back("name" + std::to_string(i * 7919 % 1000));
        make_file(root, names.back());
    }
    EXPECT_EQ(list(root), names);
    EXPECT_TRUE(has(root, "name999"));
    EXPECT_FALSE(has(root, "name1000"));
    EXPECT_EQ(stat(root).size_bytes, 20'000);
}

TEST_F(MemoryFsTest, ReadingADirectoryThatChangesMeetsWhatStaysOnce) {
    for (const char *name : {"a", "b", "c", "d"}) {
        make_file(root, name);
    }
    listed_entry entry;
    ASSERT_EQ(directory_next(root, 0, &entry), STATUS_OK);
    EXPECT_STREQ(entry.name, ".");
    ASSERT_EQ(directory_next(root, entry.next_position, &entry), STATUS_OK);
    EXPECT_STREQ(entry.name, "..");
    ASSERT_EQ(directory_next(root, entry.next_position, &entry), STATUS_OK);
    EXPECT_STREQ(entry.name, "a");
    EXPECT_EQ(remove(root, "a"), STATUS_OK);
    EXPECT_EQ(remove(root, "b"), STATUS_OK);
    make_file(root, "b");
    EXPECT_EQ(list(root, entry.next_position), (std::vector<std::string>{"c", "d", "b"}));
}

TEST_F(MemoryFsTest, AFileHasMoreNamesThanSixteenBitsCount) {
    constexpr unsigned count = 66'000;
    const memory_fs_request request = {0755, MEMORY_FS_UNLIMITED, MEMORY_FS_UNLIMITED};
    node *other;
    ASSERT_EQ(memory_fs_create_as(&request, &other), STATUS_OK);
    Held file = make_file(other, "f");
    for (unsigned i = 1; i < count; i++) {
        std::string text = std::to_string(i);
        ASSERT_EQ(directory_link(other, name_of(text), file, &ROOT), STATUS_OK) << i;
    }
    EXPECT_EQ(stat(file).link_count, count);
    other->system->dismantle(other);
}

TEST_F(MemoryFsTest, WhatIsRefusedForWantOfNodesLeavesNoTrace) {
    const memory_fs_request request = {0755, MEMORY_FS_UNLIMITED, 2};
    node *other;
    ASSERT_EQ(memory_fs_create_as(&request, &other), STATUS_OK);
    heap_counts before = heap_count();
    Held file = make_file(other, "f");
    heap_counts with_file = heap_count();
    EXPECT_EQ(make(other, "g", NODE_DIRECTORY, 0755), STATUS_NO_SPACE);
    EXPECT_EQ(directory_link(other, name_of("g"), file, &ROOT), STATUS_NO_SPACE);
    EXPECT_EQ(heap_count().object_count, with_file.object_count);
    EXPECT_EQ(remove(other, "f"), STATUS_OK);
    EXPECT_EQ(make(other, "g", NODE_DIRECTORY, 0755), STATUS_NO_SPACE) << "it is open still";
    file = Held();
    EXPECT_EQ(heap_count().object_count, before.object_count);
    EXPECT_EQ(make(other, "g", NODE_DIRECTORY, 0755), STATUS_OK);
    other->system->dismantle(other);
}

TEST_F(MemoryFsTest, AHardLinkIsTheSameNodeUntilTheLastNameGoes) {
    Held file = make_file(root, "a");
    ASSERT_EQ(write(file, 0, "text"), STATUS_OK);
    Held directory = make_directory(root, "d");
    EXPECT_EQ(directory_link(directory, name_of("b"), file, &ROOT), STATUS_OK);
    EXPECT_EQ(directory_link(directory, name_of("b"), file, &ROOT), STATUS_EXISTS);
    EXPECT_EQ(directory_link(root, name_of("e"), directory, &ROOT), STATUS_NOT_PERMITTED);
    EXPECT_EQ(stat(file).link_count, 2u);
    EXPECT_EQ(remove(root, "a"), STATUS_OK);
    EXPECT_EQ(read(find(directory, "b")), "text");
    EXPECT_EQ(remove(directory, "b"), STATUS_OK);
    EXPECT_EQ(stat(file).link_count, 0u);
    EXPECT_EQ(read(file), "text") << "whoever has it open still reads it";
    EXPECT_EQ(directory_link(root, name_of("a"), file, &ROOT), STATUS_NOT_FOUND);
}

TEST_F(MemoryFsTest, RemovingAsksWhatIsThere) {
    Held directory = make_directory(root, "d");
    make_file(directory, "f");
    EXPECT_EQ(remove(root, "d"), STATUS_IS_A_DIRECTORY);
    EXPECT_EQ(remove_directory(root, "d"), STATUS_NOT_EMPTY);
    EXPECT_EQ(remove_directory(directory, "f"), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(remove(directory, "g"), STATUS_NOT_FOUND);
    EXPECT_EQ(remove(directory, "f"), STATUS_OK);
    EXPECT_EQ(remove_directory(root, "d"), STATUS_OK);
    EXPECT_EQ(make(directory, "f", NODE_REGULAR, 0644), STATUS_NOT_FOUND)
        << "nothing can be made in a directory that is gone";
    EXPECT_EQ(stat(directory).link_count, 0u);
}

TEST_F(MemoryFsTest, WhoMayWhatFollowsThePermissions) {
    uint32_t groups[] = {50, 1000};
    credentials carol = {1002, 1002, groups, 2};
    open_to_all(root);
    Held file = make_file(root, "a", ALICE, 0640);
    EXPECT_EQ(node_check_access(file, &ALICE, MAY_READ | MAY_WRITE), STATUS_OK);
    EXPECT_EQ(node_check_access(file, &carol, MAY_READ), STATUS_OK);
    EXPECT_EQ(node_check_access(file, &carol, MAY_READ | MAY_WRITE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(node_check_access(file, &BOB, MAY_READ), STATUS_ACCESS_DENIED);
    EXPECT_EQ(node_check_access(file, &ROOT, MAY_READ | MAY_WRITE), STATUS_OK);
    EXPECT_EQ(node_check_access(file, &ROOT, MAY_EXECUTE), STATUS_ACCESS_DENIED);
    Held closed = make_directory(root, "d");
    EXPECT_EQ(make(closed, "b", NODE_REGULAR, 0644, ALICE), STATUS_ACCESS_DENIED);
}

TEST_F(MemoryFsTest, TheOwnersBitsCountForTheOwnerEvenIfTheOthersGrantMore) {
    Held file = make_file(root, "a", ROOT, 0007);
    ASSERT_EQ(node_change_owner(file, &ROOT, 1000, 1000), STATUS_OK);
    EXPECT_EQ(node_check_access(file, &ALICE, MAY_READ), STATUS_ACCESS_DENIED);
    EXPECT_EQ(node_check_access(file, &BOB, MAY_READ), STATUS_OK);
}

TEST_F(MemoryFsTest, InAStickyDirectoryOneRemovesOnlyOnesOwn) {
    Held shared = make_directory(root, "tmp", ROOT, 01777);
    make_file(shared, "a", ALICE);
    make_file(shared, "b", BOB);
    EXPECT_EQ(remove(shared, "a", BOB), STATUS_NOT_PERMITTED);
    EXPECT_EQ(rename(shared, "a", shared, "c", RENAME_OVER, BOB), STATUS_NOT_PERMITTED);
    EXPECT_EQ(rename(shared, "b", shared, "a", RENAME_OVER, BOB), STATUS_NOT_PERMITTED);
    EXPECT_EQ(remove(shared, "a", ALICE), STATUS_OK);
    ASSERT_EQ(node_change_owner(shared, &ROOT, 1000, 1000), STATUS_OK);
    EXPECT_EQ(remove(shared, "b", ALICE), STATUS_OK) << "or what lies in one's own directory";
}

TEST_F(MemoryFsTest, ASetGroupDirectoryHandsItsGroupOn) {
    Held shared = make_directory(root, "d", ROOT, 02777);
    ASSERT_EQ(node_change_owner(shared, &ROOT, ID_UNCHANGED, 50), STATUS_OK);
    EXPECT_EQ(stat(make_file(shared, "f", ALICE)).group, 50u);
    file_stat below = stat(make_directory(shared, "d", ALICE));
    EXPECT_EQ(below.group, 50u);
    EXPECT_EQ(below.mode, 042755u);
}

TEST_F(MemoryFsTest, ChmodAndChownAreForOwners) {
    open_to_all(root);
    Held file = make_file(root, "a", ALICE, 06755);
    EXPECT_EQ(node_change_permissions(file, &BOB, 0777), STATUS_NOT_PERMITTED);
    EXPECT_EQ(node_change_owner(file, &ALICE, 1001, ID_UNCHANGED), STATUS_NOT_PERMITTED);
    EXPECT_EQ(node_change_owner(file, &ALICE, ID_UNCHANGED, 50), STATUS_NOT_PERMITTED);
    EXPECT_EQ(node_change_owner(file, &ALICE, 1000, 1000), STATUS_OK);
    EXPECT_EQ(stat(file).mode, 0100755u) << "set-user and set-group go";
    ASSERT_EQ(node_change_owner(file, &ROOT, ID_UNCHANGED, 50), STATUS_OK);
    EXPECT_EQ(node_change_permissions(file, &ALICE, 02755), STATUS_OK);
    EXPECT_EQ(stat(file).mode, 0100755u) << "nobody gets the set-group bit of another group";
}

TEST_F(MemoryFsTest, OnlyRootMakesDevices) {
    Held shared = make_directory(root, "tmp", ROOT, 01777);
    EXPECT_EQ(make(shared, "null", NODE_CHARACTER_DEVICE, 0666, ALICE), STATUS_NOT_PERMITTED);
    EXPECT_EQ(make(shared, "null", NODE_CHARACTER_DEVICE, 0666), STATUS_OK);
    EXPECT_EQ(make(shared, "fifo", NODE_FIFO, 0666, ALICE), STATUS_OK);
    EXPECT_EQ(stat(find(shared, "fifo")).mode, 010666u);
}

TEST_F(MemoryFsTest, TimesTellWhatHappened) {
    Held file = make_file(root, "a");
    file_stat before = stat(file);
    time_request set = {TIME_SET, {7, 8}};
    time_request keep = {TIME_KEEP, {}};
    ASSERT_EQ(node_change_times(file, &ROOT, &keep, &set), STATUS_OK);
    file_stat after = stat(file);
    EXPECT_EQ(after.accessed.seconds, before.accessed.seconds);
    EXPECT_EQ(after.modified.seconds, 7);
    EXPECT_GT(after.changed.seconds, before.changed.seconds);
    time_request now = {TIME_NOW, {}};
    EXPECT_EQ(node_change_times(file, &BOB, &set, &now), STATUS_NOT_PERMITTED);
    EXPECT_EQ(node_change_times(file, &BOB, &now, &now), STATUS_ACCESS_DENIED);
}

TEST_F(MemoryFsTest, RelatimeNotesAReadAfterAWriteOnce) {
    Held file = make_file(root, "a");
    node_note_write(file);
    node_note_read(file);
    int64_t first = stat(file).accessed.seconds;
    EXPECT_GT(first, stat(file).modified.seconds);
    node_note_read(file);
    EXPECT_EQ(stat(file).accessed.seconds, first);
}

TEST_F(MemoryFsTest, AFileHasTheBytesThatWereWritten) {
    Held file = make_file(root, "a");
    std::string text(5000, 'x');
    text[4095] = 'y';
    EXPECT_EQ(write(file, 3, text), STATUS_OK);
    EXPECT_EQ(read(file, 0, 10'000), std::string(3, '\0') + text);
    EXPECT_EQ(stat(file).size_bytes, 5003);
    EXPECT_EQ(stat(file).block_count, 16);
    EXPECT_EQ(file->operations->resize(file, 2), STATUS_OK);
    EXPECT_EQ(read(file), std::string(2, '\0'));
    EXPECT_EQ(write(file, INT64_MAX, "x"), STATUS_FILE_TOO_LARGE);
}

/* A far side of which only the first bytes are there. */
struct Torn {
    size_t there;
    static size_t take(void *context, size_t offset, void *bytes, size_t size_bytes) {
        size_t left = static_cast<Torn *>(context)->there - offset;
        size_t count = std::min(left, size_bytes);
        memset(bytes, 't', count);
        return size_bytes - count;
    }
};

TEST_F(MemoryFsTest, ABadPointerEndsAWriteAtItsByte) {
    static constexpr transfer_side side = {nullptr, Torn::take};
    Held file = make_file(root, "a");
    for (size_t there : {700u, 0u}) {
        Torn torn = {there};
        transfer from = transfer_begin(&side, &torn, 2000);
        sleep_lock_acquire(&file->lock);
        EXPECT_EQ(file->operations->write(file, 0, &from), there > 0 ? STATUS_OK : STATUS_FAULT);
        sleep_lock_release(&file->lock);
        EXPECT_EQ(from.done_bytes, there);
    }
    EXPECT_EQ(read(file), std::string(700, 't'));
}

TEST_F(MemoryFsTest, AWriteThatRunsOutOfMemoryIsShort) {
    Held file = make_file(root, "a");
    ASSERT_EQ(write(file, 0, "a"), STATUS_OK);
    FrameDrought drought(0);
    std::string text(3 * PAGE_SIZE, 'b');
    EXPECT_EQ(write(file, 0, text), STATUS_OK);
    EXPECT_EQ(stat(file).size_bytes, int64_t{PAGE_SIZE});
    EXPECT_EQ(write(file, PAGE_SIZE, "b"), STATUS_NO_SPACE);
}

TEST_F(MemoryFsTest, MakingLinkingAndRenamingLeaveNoTraceWhereMemoryIsOut) {
    Held file = make_file(root, "file");
    Held directory = make_directory(root, "d");
    std::string text(255, 'n');
    std::string target(2000, 't'); /* of which no slab has room left */
    auto all_or_nothing = [&](const std::function<status()> &operation) {
        expect_all_or_nothing(kernel_space(), [&] {
            auto names = list(root);
            auto names_below = list(directory);
            status result = operation();
            if (result != STATUS_OK) {
                EXPECT_EQ(list(root), names);
                EXPECT_EQ(list(directory), names_below);
            }
            return result;
        });
    };
    all_or_nothing([&] { return make(directory, text, NODE_REGULAR, 0644); });
    all_or_nothing([&] { return make(root, text, NODE_SYMLINK, 0777, ROOT, nullptr, target); });
    text[0] = 'o';
    all_or_nothing([&] { return directory_link(root, name_of(text), file, &ROOT); });
    all_or_nothing([&] { return rename(root, text, directory, text); });
    EXPECT_EQ(stat(file).link_count, 2u);
}

TEST_F(MemoryFsTest, AChainOfRemovedDirectoriesGoesWithWhoeverHeldIt) {
    std::vector<Held> chain;
    chain.push_back(make_directory(root, "d"));
    for (int i = 0; i < 2000; i++) {
        chain.push_back(make_directory(chain.back(), "d"));
    }
    Held deepest = std::move(chain.back());
    for (size_t i = chain.size() - 1; i-- > 0;) {
        EXPECT_EQ(remove_directory(chain[i], "d"), STATUS_OK);
    }
    EXPECT_EQ(remove_directory(root, "d"), STATUS_OK);
    chain.clear();
    Held above(directory_parent(deepest));
    EXPECT_EQ(stat(above).link_count, 0u);
}

TEST_F(MemoryFsTest, AFileThatIsOpenOutlivesItsFileSystem) {
    node *other;
    ASSERT_EQ(memory_fs_create(0755, &other), STATUS_OK);
    Held below = make_directory(make_directory(other, "a"), "b");
    Held file = make_file(below, "f");
    ASSERT_EQ(write(file, 0, "text"), STATUS_OK);
    EXPECT_EQ(directory_link(root, name_of("f"), file, &ROOT), STATUS_OTHER_FILE_SYSTEM);
    other->system->dismantle(other);
    EXPECT_EQ(read(file), "text");
    EXPECT_EQ(make(below, "g", NODE_REGULAR, 0644), STATUS_NOT_FOUND);
}

} // namespace
