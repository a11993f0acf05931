#include "kernel/files/file/descriptor_table.h"

#include "host_tests/files/file_test.h"

namespace {

constexpr uint32_t LIMIT = 1024;

class DescriptorTableTest : public FileTest {
  protected:
    void SetUp() override {
        FileTest::SetUp();
        ASSERT_EQ(descriptor_table_create(&table), STATUS_OK);
        ASSERT_EQ(touch("/f"), STATUS_OK);
    }

    void end_files() override {
        descriptor_table_unref(table);
    }

    /* A new descriptor of a new opening; or the error. */
    int add(uint32_t lowest = 0, uint32_t limit = LIMIT, bool closes_on_exec = false) {
        uint32_t number = 0;
        status result = descriptor_reserve(table, lowest, limit, closes_on_exec, &number);
        if (result != STATUS_OK) {
            return result;
        }
        file *opened = nullptr;
        EXPECT_EQ(file_open(&view, "/f", OPEN_READ_WRITE, 0, &opened), STATUS_OK);
        descriptor_fill(table, number, opened);
        return static_cast<int>(number);
    }

    /* What a number stands for; only to compare. */
    static file *at(descriptor_table *where, uint32_t number) {
        file *found;
        if (descriptor_get(where, number, &found) != STATUS_OK) {
            return nullptr;
        }
        file_unref(found);
        return found;
    }

    bool is_open(uint32_t number) {
        return at(table, number) != nullptr;
    }

    descriptor_table *table = nullptr;
};

TEST_F(DescriptorTableTest, TheLowestFreeNumberIsGiven) {
    for (int expected = 0; expected < 200; expected++) {
        EXPECT_EQ(add(), expected);
    }
    EXPECT_EQ(descriptor_close(table, 130), STATUS_OK);
    EXPECT_EQ(descriptor_close(table, 7), STATUS_OK);
    EXPECT_EQ(descriptor_close(table, 7), STATUS_BAD_DESCRIPTOR);
    EXPECT_EQ(add(8), 130);
    EXPECT_EQ(add(), 7);
    EXPECT_EQ(add(), 200);
    EXPECT_EQ(add(500), 500);
    EXPECT_EQ(add(), 201);
}

TEST_F(DescriptorTableTest, ManyNumbersFillWholeWords) {
    uint32_t number;
    for (uint32_t expected = 0; expected < 9000; expected++) {
        ASSERT_EQ(descriptor_reserve(table, 0, 10'000, false, &number), STATUS_OK);
        ASSERT_EQ(number, expected);
    }
    descriptor_cancel(table, 4100);
    descriptor_cancel(table, 8999);
    ASSERT_EQ(descriptor_reserve(table, 10, 10'000, false, &number), STATUS_OK);
    EXPECT_EQ(number, 4100u);
    ASSERT_EQ(descriptor_reserve(table, 4096, 10'000, false, &number), STATUS_OK);
    EXPECT_EQ(number, 8999u);
}

TEST_F(DescriptorTableTest, NoNumberReachesTheLimit) {
    EXPECT_EQ(add(0, 2), 0);
    EXPECT_EQ(add(0, 2), 1);
    EXPECT_EQ(add(0, 2), STATUS_TOO_MANY_FILES);
    EXPECT_EQ(add(2, 2), STATUS_INVALID);
    EXPECT_EQ(add(0, 0), STATUS_TOO_MANY_FILES);
    EXPECT_EQ(descriptor_copy_to(table, 0, 2, 2, false), STATUS_BAD_DESCRIPTOR);
}

TEST_F(DescriptorTableTest, ACopyStandsForTheSameOpening) {
    ASSERT_EQ(add(), 0);
    ASSERT_EQ(add(), 1);
    EXPECT_EQ(descriptor_copy_to(table, 0, 1, LIMIT, false), STATUS_OK);
    EXPECT_EQ(at(table, 0), at(table, 1));
    EXPECT_EQ(descriptor_copy_to(table, 0, 300, LIMIT, true), STATUS_OK);
    EXPECT_EQ(at(table, 0), at(table, 300));
    EXPECT_EQ(descriptor_copy_to(table, 5, 6, LIMIT, false), STATUS_BAD_DESCRIPTOR);
    EXPECT_EQ(descriptor_close(table, 0), STATUS_OK);
    ASSERT_TRUE(is_open(1));
    EXPECT_EQ(put(at(table, 1), "x"), STATUS_OK);
}

TEST_F(DescriptorTableTest, AReservedNumberStandsForNothingYet) {
    uint32_t number;
    ASSERT_EQ(add(), 0);
    ASSERT_EQ(descriptor_reserve(table, 0, LIMIT, false, &number), STATUS_OK);
    EXPECT_FALSE(is_open(number));
    EXPECT_EQ(descriptor_close(table, number), STATUS_BAD_DESCRIPTOR);
    EXPECT_EQ(descriptor_copy_to(table, 0, number, LIMIT, false), STATUS_BUSY);
    EXPECT_EQ(add(), 2);
    descriptor_cancel(table, number);
    EXPECT_EQ(add(), 1);
}

TEST_F(DescriptorTableTest, ExecutingClosesWhatIsMarked) {
    ASSERT_EQ(add(0, LIMIT, true), 0);
    ASSERT_EQ(add(), 1);
    ASSERT_EQ(add(), 2);
    ASSERT_EQ(descriptor_set_close_on_exec(table, 2, true), STATUS_OK);
    ASSERT_EQ(descriptor_copy_to(table, 0, 3, LIMIT, false), STATUS_OK);
    bool is_marked;
    EXPECT_EQ(descriptor_closes_on_exec(table, 0, &is_marked), STATUS_OK);
    EXPECT_TRUE(is_marked);
    EXPECT_EQ(descriptor_closes_on_exec(table, 3, &is_marked), STATUS_OK);
    EXPECT_FALSE(is_marked) << "a copy has a mark of its own";
    ASSERT_EQ(add(0, LIMIT, true), 4);
    ASSERT_EQ(descriptor_copy_to(table, 1, 4, LIMIT, false), STATUS_OK);
    EXPECT_EQ(descriptor_closes_on_exec(table, 4, &is_marked), STATUS_OK);
    EXPECT_FALSE(is_marked) << "also where it takes the number of another";
    EXPECT_EQ(descriptor_closes_on_exec(table, 9, &is_marked), STATUS_BAD_DESCRIPTOR);
    descriptor_close_marked(table);
    EXPECT_FALSE(is_open(0));
    EXPECT_TRUE(is_open(1));
    EXPECT_FALSE(is_open(2));
    EXPECT_TRUE(is_open(3));
    EXPECT_EQ(add(), 0);
    EXPECT_EQ(descriptor_closes_on_exec(table, 0, &is_marked), STATUS_OK);
    EXPECT_FALSE(is_marked) << "the mark went with what had it";
}

TEST_F(DescriptorTableTest, ARangeIsClosedOrMarked) {
    for (int i = 0; i < 10; i++) {
        ASSERT_EQ(add(), i);
    }
    ASSERT_EQ(add(100), 100);
    descriptor_close_range(table, 3, 5);
    EXPECT_TRUE(is_open(2));
    EXPECT_FALSE(is_open(3));
    EXPECT_FALSE(is_open(5));
    EXPECT_TRUE(is_open(6));
    descriptor_mark_range(table, 8, UINT32_MAX);
    descriptor_close_marked(table);
    EXPECT_TRUE(is_open(7));
    EXPECT_FALSE(is_open(8));
    EXPECT_FALSE(is_open(100));
}

TEST_F(DescriptorTableTest, AForkSharesOpeningsAndNotNumbers) {
    ASSERT_EQ(add(0, LIMIT, true), 0);
    ASSERT_EQ(add(200), 200);
    uint32_t reserved;
    ASSERT_EQ(descriptor_reserve(table, 0, LIMIT, false, &reserved), STATUS_OK);
    descriptor_table *child;
    ASSERT_EQ(descriptor_table_clone(table, &child), STATUS_OK);
    EXPECT_EQ(at(child, 0), at(table, 0));
    EXPECT_EQ(at(child, 200), at(table, 200));
    descriptor_close_marked(child);
    EXPECT_EQ(at(child, 0), nullptr);
    EXPECT_TRUE(is_open(0));
    uint32_t number;
    ASSERT_EQ(descriptor_reserve(child, 1, LIMIT, false, &number), STATUS_OK);
    EXPECT_EQ(number, reserved) << "what was only reserved is not taken over";
    EXPECT_EQ(descriptor_close(table, 200), STATUS_OK);
    EXPECT_NE(at(child, 200), nullptr);
    descriptor_table_unref(child);
}

TEST_F(DescriptorTableTest, ThreadsHoldOneTable) {
    descriptor_table_ref(table);
    ASSERT_EQ(add(), 0);
    descriptor_table_unref(table);
    EXPECT_TRUE(is_open(0));
}

TEST_F(DescriptorTableTest, GrowingAndForkingWithoutMemoryChangeNothing) {
    for (int i = 0; i < 64; i++) {
        ASSERT_EQ(add(), i);
    }
    uint32_t number;
    expect_all_or_nothing(kernel_space(),
                          [&] { return descriptor_reserve(table, 5000, 10'000, false, &number); });
    EXPECT_EQ(number, 5000u);
    expect_all_or_nothing(kernel_space(),
                          [&] { return descriptor_copy_to(table, 1, 20'000, 30'000, false); });
    descriptor_table *child;
    expect_all_or_nothing(kernel_space(), [&] { return descriptor_table_clone(table, &child); });
    EXPECT_EQ(at(child, 20'000), at(table, 1));
    descriptor_table_unref(child);
}

} // namespace
