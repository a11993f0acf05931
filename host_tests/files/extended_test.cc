#include "kernel/files/extended/extended.h"

#include "mm/heap/heap.h"

#include "host_tests/files/file_test.h"

namespace {

constexpr credentials ROOT = {};

/* A file that keeps values for root. */
class ExtendedTest : public FileTest {
  protected:
    void SetUp() override {
        FileTest::SetUp();
        file = open("/f", OPEN_READ_WRITE | OPEN_CREATE);
    }

    void end_files() override {
        file.close();
    }

    status set(const char *name, const std::string &value, bool must_be_new = false,
               bool must_exist = false) {
        const extended_request request = {name, value.data(), value.size(), must_be_new,
                                          must_exist};
        return extended_set(file->place.node, &ROOT, &request);
    }

    std::string get(const char *name) {
        std::string value(1000, '?');
        size_t size = 0;
        status result =
            extended_get(file->place.node, &ROOT, name, value.data(), value.size(), &size);
        return result == STATUS_OK ? value.substr(0, size) : "none";
    }

    std::string list(const credentials &whose) {
        std::string names(1000, '?');
        size_t size = 0;
        EXPECT_EQ(extended_list(file->place.node, &whose, names.data(), names.size(), &size),
                  STATUS_OK);
        return names.substr(0, size);
    }

    Open file;
};

TEST_F(ExtendedTest, WhatIsSetIsGotUntilItIsReplacedOrRemoved) {
    EXPECT_EQ(set("user.a", "one"), STATUS_OK);
    EXPECT_EQ(get("user.a"), "one");
    EXPECT_EQ(set("user.a", "two", true), STATUS_EXISTS);
    EXPECT_EQ(set("user.b", "two", false, true), STATUS_NO_DATA);
    EXPECT_EQ(set("user.a", "three", false, true), STATUS_OK);
    EXPECT_EQ(get("user.a"), "three");
    EXPECT_EQ(extended_remove(file->place.node, &ROOT, "user.a"), STATUS_OK);
    EXPECT_EQ(get("user.a"), "none");
}

TEST_F(ExtendedTest, NamesDescendAndTrustedOnesAreForRootAlone) {
    const credentials nobody = {.user = 65534, .group = 65534};
    ASSERT_EQ(set("trusted.t", "1"), STATUS_OK);
    ASSERT_EQ(set("user.a", "1"), STATUS_OK);
    ASSERT_EQ(set("user.b", "1"), STATUS_OK);
    EXPECT_EQ(list(ROOT), std::string("user.b\0user.a\0trusted.t\0", 24));
    EXPECT_EQ(list(nobody), std::string("user.b\0user.a\0", 14));
}

TEST_F(ExtendedTest, AllOfANodeAreLimited) {
    std::string large(EXTENDED_VALUE_MAX, 'l');
    char name[] = "user.a";
    status result = STATUS_OK;
    for (; result == STATUS_OK; name[5]++) {
        result = set(name, large);
    }
    EXPECT_EQ(result, STATUS_NO_SPACE);
    EXPECT_EQ(name[5], 'a' + 16);
}

TEST_F(ExtendedTest, WithoutMemoryTheOldValueStays) {
    ASSERT_EQ(set("user.a", "old"), STATUS_OK);
    heap_drain();
    {
        FrameDrought drought(0);
        EXPECT_EQ(set("user.a", std::string(5000, 'n')), STATUS_NO_MEMORY);
    }
    EXPECT_EQ(get("user.a"), "old");
}

} // namespace
