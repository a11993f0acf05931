#include "kernel/files/locks/locks.h"

#include "host_tests/files/file_test.h"
#include "host_tests/machine/program.h"
#include "kernel/files/file/descriptor_table.h"

namespace {

using machine::Moment;
using machine::Program;

/* What is locked, and by whom: their addresses are all that counts. */
char a_file, another_file;
char alice, bob, carol;

class LocksTest : public FileTest {
  protected:
    void end_files() override {
        for (char *owner : {&alice, &bob, &carol}) {
            locks_drop(&a_file, owner);
            locks_drop(&another_file, owner);
        }
        FileTest::end_files();
    }

    static lock_request of(const char &owner, lock_type type, uint64_t start, uint64_t end,
                           const char &what = a_file) {
        return {&what, &owner, 0, LOCK_RANGES, type, start, end};
    }

    static status set(const char &owner, lock_type type, uint64_t start, uint64_t end,
                      lock_patience patience = LOCK_AT_ONCE, const char &what = a_file) {
        lock_request request = of(owner, type, start, end, what);
        return lock_set(&request, patience);
    }

    static status set_whole(const char &owner, lock_type type) {
        lock_request request = of(owner, type, 0, LOCK_END_MAX);
        request.family = LOCK_WHOLE;
        return lock_set_whole(&request, LOCK_AT_ONCE);
    }

    /* The locks that keep Bob from bytes 0..29, as "01..." : '.' free, 's' shared, 'x' exclusive.
     */
    static std::string map() {
        std::string text;
        for (uint64_t at = 0; at < 30; at++) {
            lock_request exclusive = of(bob, LOCK_EXCLUSIVE, at, at);
            lock_request found = {};
            bool is_locked = lock_find(&exclusive, &found);
            text += !is_locked ? '.' : found.type == LOCK_SHARED ? 's' : 'x';
        }
        return text;
    }
};

TEST_F(LocksTest, OnlyOneWritesAndManyRead) {
    EXPECT_EQ(set(alice, LOCK_SHARED, 0, 9), STATUS_OK);
    EXPECT_EQ(set(bob, LOCK_SHARED, 5, 14), STATUS_OK);
    EXPECT_EQ(set(bob, LOCK_EXCLUSIVE, 5, 14), STATUS_TRY_AGAIN);
    EXPECT_EQ(set(bob, LOCK_EXCLUSIVE, 10, 14), STATUS_OK) << "his own is no obstacle";
    EXPECT_EQ(set(carol, LOCK_SHARED, 14, 20), STATUS_TRY_AGAIN);
    EXPECT_EQ(set(carol, LOCK_SHARED, 14, 20, LOCK_AT_ONCE, another_file), STATUS_OK);
}

TEST_F(LocksTest, ALockIsCutJoinedAndChanged) {
    EXPECT_EQ(set(alice, LOCK_EXCLUSIVE, 5, 19), STATUS_OK);
    EXPECT_EQ(map(), ".....xxxxxxxxxxxxxxx..........");
    EXPECT_EQ(set(alice, LOCK_NONE, 10, 12), STATUS_OK);
    EXPECT_EQ(map(), ".....xxxxx...xxxxxxx..........");
    EXPECT_EQ(set(alice, LOCK_SHARED, 8, 14), STATUS_OK);
    EXPECT_EQ(map(), ".....xxxsssssssxxxxx..........");
    EXPECT_EQ(set(alice, LOCK_EXCLUSIVE, 15, 25), STATUS_OK);
    EXPECT_EQ(map(), ".....xxxsssssssxxxxxxxxxxx....");
    EXPECT_EQ(set(alice, LOCK_NONE, 0, 6), STATUS_OK);
    EXPECT_EQ(map(), ".......xsssssssxxxxxxxxxxx....");
    EXPECT_EQ(set(alice, LOCK_NONE, 20, LOCK_END_MAX), STATUS_OK);
    EXPECT_EQ(map(), ".......xsssssssxxxxx..........");
}

TEST_F(LocksTest, WhatTouchesBecomesOneLock) {
    EXPECT_EQ(set(alice, LOCK_EXCLUSIVE, 0, 4), STATUS_OK);
    EXPECT_EQ(set(alice, LOCK_EXCLUSIVE, 10, 14), STATUS_OK);
    EXPECT_EQ(set(alice, LOCK_EXCLUSIVE, 5, 9), STATUS_OK);
    lock_request request = of(bob, LOCK_SHARED, 3, 3);
    lock_request found = {};
    ASSERT_TRUE(lock_find(&request, &found));
    EXPECT_EQ(found.start, 0u);
    EXPECT_EQ(found.end, 14u);
    EXPECT_EQ(found.owner, &alice);
    request = of(alice, LOCK_EXCLUSIVE, 3, 3);
    EXPECT_FALSE(lock_find(&request, &found)) << "nobody is in her own way";
}

TEST_F(LocksTest, LocksOfWholeFilesAreOfAnotherFamily) {
    EXPECT_EQ(set(alice, LOCK_EXCLUSIVE, 0, LOCK_END_MAX), STATUS_OK);
    EXPECT_EQ(set_whole(bob, LOCK_SHARED), STATUS_OK);
    EXPECT_EQ(set_whole(carol, LOCK_SHARED), STATUS_OK);
    EXPECT_EQ(set_whole(bob, LOCK_SHARED), STATUS_OK);
    EXPECT_EQ(set_whole(bob, LOCK_EXCLUSIVE), STATUS_TRY_AGAIN);
    EXPECT_EQ(set_whole(carol, LOCK_EXCLUSIVE), STATUS_OK) << "Bob has lost his (man 2 flock)";
    EXPECT_EQ(set_whole(carol, LOCK_NONE), STATUS_OK);
    EXPECT_EQ(set_whole(bob, LOCK_EXCLUSIVE), STATUS_OK);
}

TEST_F(LocksTest, WhoGoesLeavesNoLock) {
    EXPECT_EQ(set(alice, LOCK_EXCLUSIVE, 0, 5), STATUS_OK);
    EXPECT_EQ(set_whole(alice, LOCK_EXCLUSIVE), STATUS_OK);
    locks_drop(&another_file, &alice);
    EXPECT_EQ(set_whole(bob, LOCK_EXCLUSIVE), STATUS_TRY_AGAIN);
    locks_drop(&a_file, &alice);
    EXPECT_EQ(set_whole(bob, LOCK_EXCLUSIVE), STATUS_OK);
    EXPECT_EQ(set(bob, LOCK_EXCLUSIVE, 0, 5), STATUS_OK);
}

TEST_F(LocksTest, WithoutMemoryNothingIsLocked) {
    expect_all_or_nothing(kernel_space(), [&] {
        status result = set(alice, LOCK_SHARED, 0, 5);
        EXPECT_EQ(map(), result == STATUS_OK ? "ssssss........................"
                                             : "..............................");
        return result == STATUS_NO_LOCKS ? STATUS_NO_MEMORY : result;
    });
}

TEST_F(LocksTest, WhoWaitsGetsTheLockWhenItIsFree) {
    ASSERT_EQ(set(alice, LOCK_EXCLUSIVE, 0, 9), STATUS_OK);
    status result = STATUS_INVALID;
    Program waiting(pc(), 1, [&] { result = set(bob, LOCK_SHARED, 5, 6, LOCK_WAITS); });
    EXPECT_EQ(waiting.run_to(Moment::DONE), Moment::ASLEEP);
    ASSERT_EQ(set(alice, LOCK_NONE, 0, 4), STATUS_OK);
    EXPECT_EQ(waiting.run_to(Moment::DONE), Moment::ASLEEP) << "that was not in the way";
    locks_drop(&a_file, &alice);
    EXPECT_EQ(waiting.run_to(Moment::DONE), Moment::DONE);
    EXPECT_EQ(result, STATUS_OK);
    EXPECT_EQ(set(alice, LOCK_EXCLUSIVE, 6, 6), STATUS_TRY_AGAIN);
}

TEST_F(LocksTest, WaitingInACircleIsFoundOut) {
    ASSERT_EQ(set(alice, LOCK_EXCLUSIVE, 0, 0), STATUS_OK);
    ASSERT_EQ(set(bob, LOCK_EXCLUSIVE, 1, 1), STATUS_OK);
    ASSERT_EQ(set(carol, LOCK_EXCLUSIVE, 2, 2), STATUS_OK);
    status result = STATUS_INVALID;
    Program of_bob(pc(), 1,
                   [&] { result = set(bob, LOCK_SHARED, 0, 0, LOCK_WAITS_FOR_PROCESSES); });
    EXPECT_EQ(of_bob.run_to(Moment::DONE), Moment::ASLEEP);
    Program of_carol(pc(), 2, [&] { (void)set(carol, LOCK_SHARED, 1, 1, LOCK_WAITS); });
    EXPECT_EQ(of_carol.run_to(Moment::DONE), Moment::ASLEEP);
    EXPECT_EQ(set(alice, LOCK_SHARED, 2, 2, LOCK_WAITS_FOR_PROCESSES), STATUS_DEADLOCK);
    locks_drop(&a_file, &alice);
    EXPECT_EQ(of_bob.run_to(Moment::DONE), Moment::DONE);
    EXPECT_EQ(result, STATUS_OK);
    locks_drop(&a_file, &bob);
    EXPECT_EQ(of_carol.run_to(Moment::DONE), Moment::DONE);
}

TEST_F(LocksTest, ClosingADescriptorDropsTheLocksOfItsTable) {
    Open file = open("/f", OPEN_READ_WRITE | OPEN_CREATE);
    descriptor_table *table = nullptr;
    ASSERT_EQ(descriptor_table_create(&table), STATUS_OK);
    uint32_t number = 0;
    ASSERT_EQ(descriptor_reserve(table, 0, 10, false, &number), STATUS_OK);
    file_ref(file);
    descriptor_fill(table, number, file);
    lock_request mine = {file_lock_key(file), table, 0, LOCK_RANGES, LOCK_EXCLUSIVE, 0, 5};
    lock_request of_file = {file_lock_key(file), file, 0, LOCK_WHOLE, LOCK_EXCLUSIVE, 0, 5};
    ASSERT_EQ(lock_set(&mine, LOCK_AT_ONCE), STATUS_OK);
    ASSERT_EQ(lock_set(&of_file, LOCK_AT_ONCE), STATUS_OK);
    lock_request other = mine, found = {};
    other.owner = &bob;
    EXPECT_TRUE(lock_find(&other, &found));
    EXPECT_EQ(descriptor_close(table, number), STATUS_OK);
    EXPECT_FALSE(lock_find(&other, &found));
    other.family = LOCK_WHOLE;
    EXPECT_TRUE(lock_find(&other, &found)) << "the file is open still";
    file.close();
    EXPECT_FALSE(lock_find(&other, &found));
    descriptor_table_unref(table);
}

} // namespace
