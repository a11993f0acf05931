#include "kernel/files/unpack/unpack.h"

#include "host_tests/files/file_test.h"
#include "kernel/files/devices/devices.h"
#include "mm/heap/heap.h"

namespace {

struct Member {
    std::string name;
    uint32_t mode;
    std::string content = "";
    uint32_t inode = 0;
    uint32_t link_count = 1;
    uint32_t user = 0;
    uint32_t minor = 0;
    uint32_t device = 0;
};

/* An archive in the newc format. */
class Archive {
  public:
    Archive &add(const Member &member) {
        add_raw(member);
        return *this;
    }

    std::string finish() {
        add_raw({"TRAILER!!!", 0});
        return bytes_;
    }

  private:
    void add_number(size_t number) {
        char digits[9];
        snprintf(digits, sizeof(digits), "%08zx", number);
        bytes_ += digits;
    }

    void pad() {
        bytes_.resize((bytes_.size() + 3) / 4 * 4);
    }

    void add_raw(const Member &member) {
        bytes_ += "070701";
        for (size_t number :
             {size_t{member.inode}, size_t{member.mode}, size_t{member.user}, size_t{7},
              size_t{member.link_count}, size_t{1234}, member.content.size(), size_t{0},
              size_t{member.device}, size_t{member.minor > 0}, size_t{member.minor},
              member.name.size() + 1, size_t{0}}) {
            add_number(number);
        }
        bytes_ += member.name;
        bytes_ += '\0';
        pad();
        bytes_ += member.content;
        pad();
    }

    std::string bytes_;
};

class UnpackTest : public FileTest {
  protected:
    status unpack(Archive &archive) {
        std::string bytes = archive.finish();
        initrd disk = {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()};
        return unpack_initrd(&disk, &view, complaints.sink());
    }

    file_stat stat_of(const std::string &path) {
        location found = {};
        file_stat result = {};
        EXPECT_EQ(resolve(path, &found, LAST_LINK_KEEP), STATUS_OK) << path;
        if (found.node != nullptr) {
            result = stat(found.node);
        }
        location_unref(&found);
        return result;
    }

    TextLog complaints;
};

TEST_F(UnpackTest, EverythingIsMadeAsTheArchiveSays) {
    Archive archive;
    archive.add({".", 040755})
        .add({"bin", 040755})
        .add({"bin/busybox", 0104755, "program", 0, 1, 5})
        .add({"./bin/sh", 0120777, "busybox"})
        .add({"/etc/deep/file", 0100600})
        .add({"dev/null", 020666, "", 0, 1, 0, 3})
        .add({"fifo", 010644});
    EXPECT_EQ(unpack(archive), STATUS_OK) << complaints.text();
    EXPECT_EQ(get(open("/bin/sh")), "program");
    file_stat program = stat_of("/bin/busybox");
    EXPECT_EQ(program.mode, 0104755u);
    EXPECT_EQ(program.user, 5u);
    EXPECT_EQ(program.group, 7u);
    EXPECT_EQ(program.modified.seconds, 1234);
    EXPECT_EQ(stat_of("/bin/sh").mode, 0120777u);
    EXPECT_EQ(stat_of("/etc/deep").mode, 040755u);
    EXPECT_EQ(stat_of("/dev/null").special_device, device_number(1, 3));
    EXPECT_EQ(stat_of("/fifo").mode, 010644u);
    EXPECT_EQ(complaints.text(), "");
}

TEST_F(UnpackTest, FilesOfTwoFileSystemsAreNotLinkedThoughTheirInodesAreTheSame) {
    Archive archive;
    archive.add({"a", 0100644, "", 9, 2, 0, 0, 1}).add({"b", 0100644, "of b", 9, 2, 0, 0, 2});
    archive.add({"c", 0100644, "of a", 9, 2, 0, 0, 1}).add({"d", 0100600, "of d", 9, 2, 0, 0, 1});
    EXPECT_EQ(unpack(archive), STATUS_OK);
    EXPECT_EQ(stat_of("/a").link_count, 2u);
    EXPECT_EQ(stat_of("/a").number, stat_of("/c").number);
    EXPECT_EQ(stat_of("/b").link_count, 1u);
    EXPECT_EQ(stat_of("/b").size_bytes, 4);
    EXPECT_EQ(stat_of("/d").link_count, 1u) << "nor those of another mode";
}

TEST_F(UnpackTest, NamesOfOneInodeAreLinksWhoseLastHasTheContent) {
    Archive archive;
    archive.add({"a", 0100644, "", 9, 3}).add({"b", 0100644, "", 9, 3});
    archive.add({"c", 0100644, "text", 9, 3});
    EXPECT_EQ(unpack(archive), STATUS_OK);
    EXPECT_EQ(get(open("/a")), "text");
    EXPECT_EQ(stat_of("/a").link_count, 3u);
    EXPECT_EQ(stat_of("/a").number, stat_of("/c").number);
}

TEST_F(UnpackTest, OfTwoWithOneNameTheLaterStays) {
    Archive archive;
    archive.add({"f", 0100644, "first and long"}).add({"f", 0100600, "second"});
    archive.add({"d", 040700}).add({"d/x", 0100644}).add({"d", 040755});
    EXPECT_EQ(unpack(archive), STATUS_OK);
    EXPECT_EQ(get(open("/f")), "second");
    EXPECT_EQ(stat_of("/f").mode, 0100600u);
    EXPECT_EQ(stat_of("/d").mode, 040755u);
    EXPECT_EQ(reach("/d/x"), STATUS_OK);
}

TEST_F(UnpackTest, NoNameLeadsOutOfTheRoot) {
    ASSERT_EQ(mkdir("/jail"), STATUS_OK);
    location jail = {};
    ASSERT_EQ(resolve("/jail", &jail), STATUS_OK);
    path_view outside = view;
    view.root = jail;
    Archive archive;
    archive.add({"../../escaped", 0100644, "x"});
    EXPECT_EQ(unpack(archive), STATUS_OK);
    view = outside;
    EXPECT_EQ(reach("/escaped"), STATUS_NOT_FOUND);
    EXPECT_EQ(reach("/jail/escaped"), STATUS_OK);
    location_unref(&jail);
}

TEST_F(UnpackTest, WhatCannotBeMadeIsNamed) {
    Archive archive;
    archive.add({"f", 0100644}).add({"f/below", 0100644});
    EXPECT_EQ(unpack(archive), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(complaints.text(), "K309: RAM disk: error 20 in making 'f/below'\n");
    Archive twice;
    twice.add({"g", 0100644}).add({"g", 040755});
    EXPECT_EQ(unpack(twice), STATUS_NOT_A_DIRECTORY);
    initrd nonsense = {reinterpret_cast<const uint8_t *>("nonsense"), 8};
    EXPECT_EQ(unpack_initrd(&nonsense, &view, complaints.sink()), STATUS_INVALID);
}

TEST_F(UnpackTest, WithoutMemoryItSaysSo) {
    Archive archive;
    archive.add({"f", 0100644, std::string(3 * PAGE_SIZE, 'x')});
    std::string bytes = archive.finish();
    initrd disk = {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()};
    heap_drain();
    status result = STATUS_OK;
    for (unsigned frames = 0; frames == 0 || result != STATUS_OK; frames++) {
        FrameDrought drought(frames);
        result = unpack_initrd(&disk, &view, complaints.sink());
        EXPECT_TRUE(result == STATUS_OK || result == STATUS_NO_MEMORY || result == STATUS_NO_SPACE);
        ASSERT_LT(frames, 100u);
    }
    EXPECT_EQ(get(open("/f"), 4 * PAGE_SIZE), std::string(3 * PAGE_SIZE, 'x'));
}

class DevicesTest : public FileTest {
  protected:
    void SetUp() override {
        FileTest::SetUp();
        ASSERT_EQ(devices_register([](void *bytes, size_t size_bytes) {
                      memset(bytes, 'r', size_bytes);
                      return STATUS_OK;
                  }),
                  STATUS_OK);
        for (auto [name, minor] : {std::pair("/null", 3u),
                                   {"/zero", 5u},
                                   {"/full", 7u},
                                   {"/random", 8u},
                                   {"/urandom", 9u}}) {
            node_request request = {};
            request.kind = NODE_CHARACTER_DEVICE;
            request.permissions = 0666;
            request.device = device_number(1, minor);
            ASSERT_EQ(path_make(&view, name, &request), STATUS_OK);
        }
    }

    void end_files() override {
        device_unregister_all();
    }
};

TEST_F(DevicesTest, EachReadsWhatItIsFor) {
    EXPECT_EQ(get(open("/null")), "");
    EXPECT_EQ(get(open("/zero"), 1000), std::string(1000, '\0'));
    EXPECT_EQ(get(open("/full"), 3), std::string(3, '\0'));
    EXPECT_EQ(get(open("/random"), 300), std::string(300, 'r'));
    EXPECT_EQ(get(open("/urandom"), 1), "r");
}

TEST_F(DevicesTest, AllTakeWhatIsWrittenButTheFullOne) {
    for (const char *name : {"/null", "/zero", "/random", "/urandom"}) {
        size_t done = 0;
        EXPECT_EQ(put(open(name), std::string(5000, 'x'), &done), STATUS_OK);
        EXPECT_EQ(done, 5000u);
    }
    EXPECT_EQ(put(open("/full"), "x"), STATUS_NO_SPACE);
    EXPECT_EQ(put(open("/full"), ""), STATUS_OK);
}

} // namespace
