#include "kernel/files/system_type/system_type.h"

#include "host_tests/files/files_test.h"
#include "kernel/files/memory_fs/memory_fs.h"
#include "mm/frame/frame.h"

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

    static uint64_t page_limit(const char *options) {
        node *made = nullptr;
        EXPECT_EQ(system_type_create_memory(options, &made), STATUS_OK);
        uint64_t limit = memory_fs_usage(made->system).page_limit;
        made->system->dismantle(made);
        return limit;
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

TEST_F(SystemTypeTest, TheLimitOfASystemInMemory) {
    uint64_t half = frame_count().total / 2;
    EXPECT_EQ(page_limit(""), half);
    EXPECT_EQ(page_limit("size=8k"), 2u);
    EXPECT_EQ(page_limit("size=4097,mode=700"), 2u);
    EXPECT_EQ(page_limit("size=1M"), 256u);
    EXPECT_EQ(page_limit("size=2g"), 1u << 19);
    EXPECT_EQ(page_limit("size=50%"), half);
    EXPECT_EQ(page_limit("nr_blocks=3"), 3u);
    EXPECT_EQ(page_limit("nr_blocks=1k,nr_blocks=2k"), 2048u) << "the last one counts";
    EXPECT_EQ(page_limit("size=0"), MEMORY_FS_UNLIMITED);
    for (const char *wrong : {"size=", "size=x", "size=1x", "size=1kk", "size=5%%", "nr_blocks=5%",
                              "size=99999999999999999999", "size=9999999999g",
                              "size=9000000000000000000%", "size=-1"}) {
        EXPECT_EQ(permissions(wrong), STATUS_INVALID) << wrong;
    }
}

TEST_F(SystemTypeTest, FilesFillASystemUpToItsLimit) {
    node *root = nullptr, *file = nullptr;
    ASSERT_EQ(system_type_create_memory("size=8k", &root), STATUS_OK);
    const node_request request = {.kind = NODE_REGULAR, .permissions = 0600};
    ASSERT_EQ(root->operations->make_nameless(root, name{"x", 1}, &request, &file), STATUS_OK);
    std::string text(3 * PAGE_SIZE, 'x');
    transfer from = transfer_from_memory(text.data(), text.size());
    EXPECT_EQ(file->operations->write(file, 0, &from), STATUS_OK);
    EXPECT_EQ(from.done_bytes, 2 * PAGE_SIZE);
    transfer more = transfer_from_memory(text.data(), 1);
    EXPECT_EQ(file->operations->write(file, 2 * PAGE_SIZE, &more), STATUS_NO_SPACE);
    EXPECT_EQ(file->operations->allocate(file, 0, 3 * PAGE_SIZE), STATUS_NO_SPACE);
    EXPECT_EQ(memory_fs_usage(root->system).page_count, 2u);
    EXPECT_EQ(file->operations->resize(file, 0), STATUS_OK);
    EXPECT_EQ(memory_fs_usage(root->system).page_count, 0u);
    node_unref(file);
    root->system->dismantle(root);
}

TEST_F(SystemTypeTest, TheOptionsOfASystemInMemory) {
    EXPECT_EQ(permissions(""), 01777);
    EXPECT_EQ(permissions("mode=700"), 0700);
    EXPECT_EQ(permissions("size=10m,mode=0755,nr_inodes=5,huge=never"), 0755);
    EXPECT_EQ(permissions("nr_inodes=x"), STATUS_INVALID);
    EXPECT_EQ(permissions("nr_inodes=18014398509481984"), STATUS_INVALID) << "counts in bytes";
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
