#include "kernel/files/system_type/system_type.h"

#include "host_tests/files/files_test.h"

namespace {

class SystemTypeTest : public FilesTest {
  protected:
    void end_files() override {
        system_type_unregister_all();
    }

    /* The permissions of the root that the options make; a negative status where they do not. */
    static int64_t permissions(const char *options) {
        node *made = nullptr;
        status result = system_type_create_memory(options, &made);
        if (result != STATUS_OK) {
            return result;
        }
        int64_t mode = stat(made).mode & PERMISSION_MASK;
        made->system->dismantle(made);
        return mode;
    }
};

TEST_F(SystemTypeTest, ATypeIsFoundByItsName) {
    static system_type tmpfs = {"tmpfs", system_type_create_memory, {}};
    static system_type ramfs = {"ramfs", system_type_create_memory, {}};
    EXPECT_EQ(system_type_find("tmpfs"), nullptr);
    system_type_register(&tmpfs);
    system_type_register(&ramfs);
    EXPECT_EQ(system_type_find("ramfs"), &ramfs);
    EXPECT_EQ(system_type_find("tmp"), nullptr);
    std::string names;
    system_type_for_each(
        [](void *context, const system_type *type) {
            *static_cast<std::string *>(context) += std::string(type->name) + " ";
        },
        &names);
    EXPECT_EQ(names, "tmpfs ramfs ");
}

TEST_F(SystemTypeTest, TheOptionsOfASystemInMemory) {
    EXPECT_EQ(permissions(""), 01777);
    EXPECT_EQ(permissions("mode=700"), 0700);
    EXPECT_EQ(permissions("size=10m,mode=0755,nr_inodes=5"), 0755);
    EXPECT_EQ(permissions(",,"), 01777);
    EXPECT_EQ(permissions("mode="), STATUS_INVALID);
    EXPECT_EQ(permissions("mode=8"), STATUS_INVALID);
    EXPECT_EQ(permissions("mode=17777"), STATUS_INVALID);
    EXPECT_EQ(permissions("mode=77777777777777777777"), STATUS_INVALID);
    EXPECT_EQ(permissions("mode=40000000000755"), STATUS_INVALID) << "755 in 32 bits";
    EXPECT_EQ(permissions("modes"), STATUS_INVALID);
    EXPECT_EQ(permissions("mode=700,x"), STATUS_INVALID);
}

} // namespace
