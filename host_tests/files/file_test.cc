#include "host_tests/files/file_test.h"

namespace {

constexpr uint32_t CREATE = OPEN_CREATE | OPEN_READ_WRITE;

TEST_F(FileTest, ReadingAndWritingMoveOnePosition) {
    Open file = open("/f", CREATE);
    EXPECT_EQ(put(file, "hello "), STATUS_OK);
    EXPECT_EQ(put(file, "world"), STATUS_OK);
    EXPECT_EQ(get(file), "");
    EXPECT_EQ(seek(file, 6, FROM_START), 6);
    EXPECT_EQ(get(file, 3), "wor");
    EXPECT_EQ(get(file), "ld");
    EXPECT_EQ(get(open("/f", OPEN_READ_ONLY)), "hello world") << "each opening has its own";
}

TEST_F(FileTest, APlaceInAFileIsReadAndWrittenWithoutMoving) {
    Open file = open("/f", CREATE);
    ASSERT_EQ(put(file, "hello"), STATUS_OK);
    char byte = 'j';
    transfer from = transfer_from_memory(&byte, 1);
    EXPECT_EQ(file_write_at(file, 0, &from), STATUS_OK);
    char bytes[9];
    transfer to = transfer_to_memory(bytes, sizeof(bytes));
    EXPECT_EQ(file_read_at(file, 0, &to), STATUS_OK);
    EXPECT_EQ(std::string(bytes, to.done_bytes), "jello");
    EXPECT_EQ(seek(file, 0, FROM_POSITION), 5);
    EXPECT_EQ(file_read_at(file, -1, &to), STATUS_INVALID);
}

TEST_F(FileTest, AppendingWritesAtTheEndWhereverThePositionIs) {
    Open file = open("/f", CREATE);
    Open end = open("/f", OPEN_WRITE_ONLY | FILE_APPEND);
    ASSERT_EQ(put(file, "abc"), STATUS_OK);
    ASSERT_EQ(put(end, "de"), STATUS_OK);
    EXPECT_EQ(seek(end, 0, FROM_POSITION), 5);
    transfer from = transfer_from_memory("f", 1);
    EXPECT_EQ(file_write_at(end, 0, &from), STATUS_OK) << "Linux appends even so";
    EXPECT_EQ(get(open("/f")), "abcdef");
    file_set_flags(end, OPEN_CREATE | FILE_NO_WAIT);
    EXPECT_EQ(file_flags(end), OPEN_WRITE_ONLY | FILE_NO_WAIT) << "no other can be set";
    EXPECT_EQ(seek(end, 0, FROM_START), 0);
    ASSERT_EQ(put(end, "x"), STATUS_OK);
    EXPECT_EQ(get(open("/f")), "xbcdef");
}

TEST_F(FileTest, WritingStopsAtTheLimitOfATransfer) {
    Open file = open("/f", CREATE);
    transfer first = transfer_from_memory("abcdef", 6);
    first.position_limit = 4;
    EXPECT_EQ(file_write(file, &first), STATUS_OK);
    EXPECT_EQ(first.done_bytes, 4u);
    transfer second = transfer_from_memory("g", 1);
    second.position_limit = 4;
    EXPECT_EQ(file_write(file, &second), STATUS_FILE_TOO_LARGE);
    EXPECT_EQ(file_write_at(file, 3, &second), STATUS_OK) << "below it is room";
    EXPECT_EQ(get(open("/f")), "abcg");
    transfer third = transfer_from_memory("h", 1);
    third.append = APPEND_ALWAYS;
    EXPECT_EQ(file_write_at(file, 0, &third), STATUS_OK);
    EXPECT_EQ(get(open("/f")), "abcgh");
}

TEST_F(FileTest, EachOpeningIsForWhatItWasOpenedFor) {
    ASSERT_EQ(touch("/f"), STATUS_OK);
    Open reader = open("/f", OPEN_READ_ONLY);
    Open writer = open("/f", OPEN_WRITE_ONLY);
    Open path = open("/f", OPEN_PATH | OPEN_READ_WRITE);
    std::string text;
    EXPECT_EQ(put(reader, "x"), STATUS_BAD_DESCRIPTOR);
    EXPECT_EQ(get_status(writer, &text, 1), STATUS_BAD_DESCRIPTOR);
    EXPECT_EQ(get_status(path, &text, 1), STATUS_BAD_DESCRIPTOR);
    EXPECT_EQ(seek(path, 0, FROM_START), STATUS_BAD_DESCRIPTOR);
    EXPECT_EQ(file_flags(path), OPEN_PATH);
    EXPECT_EQ(file_resize(reader, &ROOT, 0), STATUS_INVALID);
    EXPECT_EQ(file_flags(open("/f", CREATE | FILE_APPEND)), OPEN_READ_WRITE | FILE_APPEND);
}

TEST_F(FileTest, OpeningSaysWhatIsWrong) {
    ASSERT_EQ(mkdir("/d"), STATUS_OK);
    ASSERT_EQ(touch("/f"), STATUS_OK);
    ASSERT_EQ(symlink("f", "/l"), STATUS_OK);
    EXPECT_EQ(open_status("/d", OPEN_READ_ONLY), STATUS_OK);
    EXPECT_EQ(open_status("/d", OPEN_WRITE_ONLY), STATUS_IS_A_DIRECTORY);
    EXPECT_EQ(open_status("/d", OPEN_CREATE), STATUS_IS_A_DIRECTORY);
    EXPECT_EQ(open_status("/d", OPEN_TRUNCATE), STATUS_IS_A_DIRECTORY);
    EXPECT_EQ(open_status("/f", OPEN_DIRECTORY), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(open_status("/f", OPEN_CREATE | OPEN_DIRECTORY), STATUS_INVALID);
    EXPECT_EQ(open_status("/f", OPEN_CREATE | OPEN_EXCLUSIVE), STATUS_EXISTS);
    EXPECT_EQ(open_status("/l", OPEN_CREATE | OPEN_EXCLUSIVE), STATUS_EXISTS);
    EXPECT_EQ(open_status("/l", OPEN_NO_FOLLOW), STATUS_LINK_LOOP);
    EXPECT_EQ(open_status("/l", OPEN_NO_FOLLOW | OPEN_DIRECTORY), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(open_status("/l", OPEN_NO_FOLLOW | OPEN_PATH), STATUS_OK);
    EXPECT_EQ(open_status("/none", OPEN_READ_ONLY), STATUS_NOT_FOUND);
}

TEST_F(FileTest, OpeningAsksForTheRightsThatItWants) {
    Open made = open("/f", CREATE);
    location place = made->place;
    ASSERT_EQ(node_change_permissions(place.node, &ROOT, 0444), STATUS_OK);
    view.credentials = &ALICE;
    EXPECT_EQ(open_status("/f", OPEN_READ_ONLY), STATUS_OK);
    EXPECT_EQ(open_status("/f", OPEN_READ_WRITE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(open_status("/f", OPEN_READ_ONLY | OPEN_TRUNCATE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(open_status("/f", OPEN_NO_ACCESS_TIME), STATUS_NOT_PERMITTED);
    EXPECT_EQ(open_status("/g", OPEN_CREATE), STATUS_ACCESS_DENIED);
    view.credentials = &ROOT;
    EXPECT_EQ(open_status("/f", OPEN_READ_WRITE), STATUS_OK);
}

TEST_F(FileTest, WhoMakesAFileMayUseItWhateverItsPermissions) {
    ASSERT_EQ(node_change_permissions(root, &ROOT, 0777), STATUS_OK);
    view.credentials = &ALICE;
    Open file;
    EXPECT_EQ(open_status("/f", CREATE, &file, 0), STATUS_OK);
    EXPECT_EQ(put(file, "x"), STATUS_OK);
    EXPECT_EQ(open_status("/f", CREATE), STATUS_ACCESS_DENIED);
}

TEST_F(FileTest, TruncatingEmptiesAndExtends) {
    Open file = open("/f", CREATE);
    ASSERT_EQ(put(file, "hello"), STATUS_OK);
    EXPECT_EQ(file_resize(file, &ROOT, 2), STATUS_OK);
    EXPECT_EQ(file_resize(file, &ROOT, 4), STATUS_OK);
    EXPECT_EQ(file_resize(file, &ROOT, -1), STATUS_INVALID);
    EXPECT_EQ(get(open("/f")), std::string("he\0\0", 4));
    open("/f", OPEN_READ_WRITE | OPEN_TRUNCATE);
    EXPECT_EQ(get(open("/f")), "");
    EXPECT_EQ(node_resize(file->place.node, &BOB, 0), STATUS_ACCESS_DENIED);
    EXPECT_EQ(node_resize(root, &ROOT, 0), STATUS_IS_A_DIRECTORY);
}

TEST_F(FileTest, SeekingCountsFromManyPlaces) {
    Open file = open("/f", CREATE);
    ASSERT_EQ(put(file, "hello"), STATUS_OK);
    EXPECT_EQ(seek(file, -2, FROM_END), 3);
    EXPECT_EQ(seek(file, 4, FROM_POSITION), 7) << "behind the end";
    EXPECT_EQ(seek(file, -8, FROM_POSITION), STATUS_INVALID);
    EXPECT_EQ(seek(file, INT64_MAX, FROM_POSITION), STATUS_INVALID);
    EXPECT_EQ(seek(file, 2, TO_DATA), 2);
    EXPECT_EQ(seek(file, 2, TO_HOLE), 5);
    EXPECT_EQ(seek(file, 5, TO_DATA), STATUS_NO_DEVICE);
    EXPECT_EQ(seek(file, -1, TO_HOLE), STATUS_NO_DEVICE);
    EXPECT_EQ(seek(open("/", OPEN_READ_ONLY), 0, FROM_END), STATUS_INVALID);
}

TEST_F(FileTest, FillingTakesSpaceAndHolesGiveItBack) {
    Open file = open("/f", CREATE);
    ASSERT_EQ(put(file, "hello"), STATUS_OK);
    EXPECT_EQ(file_fill(file, &ROOT, FILL, 0, 3 * PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(stat(file->place.node).size_bytes, int64_t{3 * PAGE_SIZE});
    EXPECT_EQ(stat(file->place.node).block_count, 24);
    EXPECT_EQ(file_fill(file, &ROOT, FILL_WITH_HOLE, 2, 2 * PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(stat(file->place.node).block_count, 16);
    EXPECT_EQ(stat(file->place.node).size_bytes, int64_t{3 * PAGE_SIZE});
    EXPECT_EQ(get(open("/f"), 5), std::string("he\0\0\0", 5));
    EXPECT_EQ(file_fill(file, &ROOT, FILL_KEEP_SIZE, 0, 9 * PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(stat(file->place.node).size_bytes, int64_t{3 * PAGE_SIZE});
    EXPECT_EQ(file_fill(file, &ROOT, FILL, 0, 0), STATUS_INVALID);
    EXPECT_EQ(file_fill(file, &ROOT, FILL, INT64_MAX, 1), STATUS_FILE_TOO_LARGE);
    EXPECT_EQ(file_fill(open("/f", OPEN_READ_ONLY), &ROOT, FILL, 0, 1), STATUS_BAD_DESCRIPTOR);
}

TEST_F(FileTest, FillingWithoutMemoryLeavesTheSize) {
    Open file = open("/f", CREATE);
    ASSERT_EQ(put(file, "hello"), STATUS_OK);
    FrameDrought drought(1);
    EXPECT_EQ(file_fill(file, &ROOT, FILL, 0, 9 * PAGE_SIZE), STATUS_NO_SPACE);
    EXPECT_EQ(stat(file->place.node).size_bytes, 5);
    EXPECT_EQ(stat(file->place.node).block_count, 8);
}

TEST_F(FileTest, WhoWritesAndIsNotRootTakesTheSetUserBit) {
    Open file = open("/f", CREATE);
    transfer from_root = transfer_from_memory("x", 1);
    from_root.keeps_set_bits = true;
    ASSERT_EQ(node_change_owner(file->place.node, &ROOT, 1000, 1000), STATUS_OK);
    ASSERT_EQ(node_change_permissions(file->place.node, &ROOT, 06755), STATUS_OK);
    ASSERT_EQ(file_write(file, &from_root), STATUS_OK);
    ASSERT_EQ(file_resize(file, &ROOT, 5), STATUS_OK);
    ASSERT_EQ(file_fill(file, &ROOT, FILL, 0, 10), STATUS_OK);
    EXPECT_EQ(stat(file->place.node).mode, 0106755u);
    ASSERT_EQ(put(file, "x"), STATUS_OK);
    EXPECT_EQ(stat(file->place.node).mode, 0100755u);
    ASSERT_EQ(node_change_permissions(file->place.node, &ROOT, 06755), STATUS_OK);
    ASSERT_EQ(file_resize(file, &ALICE, 3), STATUS_OK);
    EXPECT_EQ(stat(file->place.node).mode, 0100755u);
    ASSERT_EQ(node_change_permissions(file->place.node, &ROOT, 06755), STATUS_OK);
    ASSERT_EQ(file_fill(file, &ALICE, FILL, 0, 10), STATUS_OK);
    EXPECT_EQ(stat(file->place.node).mode, 0100755u);
}

/* What getdents64 gives: a name and the position after it, for each record. */
struct Record {
    std::string name;
    int64_t next;
    unsigned type;
};

static std::vector<Record> records(const std::string &bytes) {
    std::vector<Record> found;
    for (size_t at = 0; at < bytes.size();) {
        Record record;
        uint16_t size;
        memcpy(&record.next, bytes.data() + at + 8, 8);
        memcpy(&size, bytes.data() + at + 16, 2);
        record.type = static_cast<unsigned char>(bytes[at + 18]);
        record.name = bytes.data() + at + 19;
        found.push_back(record);
        at += size;
    }
    return found;
}

class ListTest : public FileTest {
  protected:
    static status list_bytes(file *directory, std::string *bytes, size_t size_bytes) {
        bytes->assign(size_bytes, '?');
        transfer to = transfer_to_memory(bytes->data(), size_bytes);
        status result = file_list(directory, &to);
        bytes->resize(to.done_bytes);
        return result;
    }

    static std::vector<Record> list_some(file *directory, size_t size_bytes) {
        std::string bytes;
        EXPECT_EQ(list_bytes(directory, &bytes, size_bytes), STATUS_OK);
        return records(bytes);
    }
};

TEST_F(ListTest, TheOldFormatHasTheTypeAtTheEndOfEachRecord) {
    ASSERT_EQ(symlink("file", "/link"), STATUS_OK);
    Open directory = open("/", OPEN_READ_ONLY);
    std::string bytes(24 + 24 + 24, '?');
    transfer to = transfer_to_memory(bytes.data(), bytes.size());
    ASSERT_EQ(file_list_old(directory, &to), STATUS_OK);
    ASSERT_EQ(to.done_bytes, 72u) << "three records, each with its name and a type";
    EXPECT_STREQ(bytes.data() + 18, ".");
    EXPECT_EQ(bytes[23], 4);
    EXPECT_STREQ(bytes.data() + 24 + 18, "..");
    EXPECT_STREQ(bytes.data() + 48 + 18, "link");
    EXPECT_EQ(bytes[71], 10);
    EXPECT_EQ(bytes[48 + 16], 24) << "its size";
}

TEST_F(ListTest, ADirectoryIsListedInPiecesAndFromAnyPosition) {
    ASSERT_EQ(mkdir("/d"), STATUS_OK);
    ASSERT_EQ(touch("/file"), STATUS_OK);
    ASSERT_EQ(symlink("file", "/link"), STATUS_OK);
    Open directory = open("/", OPEN_READ_ONLY);
    std::vector<Record> first = list_some(directory, 72);
    ASSERT_EQ(first.size(), 3u);
    EXPECT_EQ(first[0].name, ".");
    EXPECT_EQ(first[1].name, "..");
    EXPECT_EQ(first[2].name, "d");
    EXPECT_EQ(first[2].type, 4u);
    std::vector<Record> second = list_some(directory, 1000);
    ASSERT_EQ(second.size(), 2u);
    EXPECT_EQ(second[0].name, "file");
    EXPECT_EQ(second[0].type, 8u);
    EXPECT_EQ(second[1].name, "link");
    EXPECT_EQ(second[1].type, 10u);
    EXPECT_TRUE(list_some(directory, 1000).empty());
    EXPECT_EQ(seek(directory, second[0].next, FROM_START), second[0].next);
    EXPECT_EQ(list_some(directory, 1000).at(0).name, "link");
    EXPECT_EQ(seek(directory, 0, FROM_START), 0);
    EXPECT_EQ(list_some(directory, 1000).size(), 5u);
}

TEST_F(ListTest, ListingSaysWhatIsWrong) {
    ASSERT_EQ(mkdir("/d"), STATUS_OK);
    Open directory = open("/d", OPEN_READ_ONLY);
    std::string bytes;
    EXPECT_EQ(list_bytes(directory, &bytes, 23), STATUS_INVALID);
    EXPECT_EQ(get_status(directory, &bytes, 1), STATUS_IS_A_DIRECTORY);
    ASSERT_EQ(rmdir("/d"), STATUS_OK);
    EXPECT_EQ(list_bytes(directory, &bytes, 1000), STATUS_NOT_FOUND);
    EXPECT_EQ(list_bytes(open("/f", CREATE), &bytes, 1000), STATUS_NOT_A_DIRECTORY);
}

TEST_F(FileTest, ADeviceIsOpenedByItsNumber) {
    static const file_operations full = {
        .read = nullptr,
        .write = [](file *, uint64_t *, transfer *) { return STATUS_NO_SPACE; },
    };
    node_request request = {};
    request.kind = NODE_CHARACTER_DEVICE;
    request.permissions = 0666;
    request.device = device_number(1, 7);
    ASSERT_EQ(path_make(&view, "/full", &request), STATUS_OK);
    EXPECT_EQ(open_status("/full", OPEN_READ_WRITE), STATUS_NO_DEVICE);
    ASSERT_EQ(device_register(request.device, &full), STATUS_OK);
    EXPECT_EQ(device_register(request.device, &full), STATUS_EXISTS);
    {
        Open device = open("/full");
        std::string text;
        EXPECT_EQ(put(device, "x"), STATUS_NO_SPACE);
        EXPECT_EQ(get_status(device, &text, 1), STATUS_INVALID);
        EXPECT_EQ(seek(device, 0, FROM_START), STATUS_NOT_SEEKABLE);
        EXPECT_EQ(file_control(device, 0x5401, 0), STATUS_NOT_A_TERMINAL);
        EXPECT_EQ(file_poll(device, nullptr), READY_TO_READ | READY_TO_WRITE);
    }
    EXPECT_EQ(stat(find(root, "full")).special_device, 0x107u);
    device_unregister_all();
}

TEST_F(FileTest, OpeningWithoutMemoryMakesNothing) {
    unsigned needed = expect_all_or_nothing(kernel_space(), [&] {
        status result = open_status("/new", CREATE | OPEN_EXCLUSIVE);
        EXPECT_EQ(has(root, "new"), result == STATUS_OK);
        return result;
    });
    EXPECT_GE(needed, 1u);
}

TEST_F(FileTest, ReadingLeavesTheAccessTimeIfToldTo) {
    ASSERT_EQ(put(open("/f", CREATE), "x"), STATUS_OK);
    Open quiet = open("/f", OPEN_READ_ONLY | OPEN_NO_ACCESS_TIME);
    struct file_stat before, after;
    file_inspect(quiet, &before);
    EXPECT_EQ(get(quiet), "x");
    file_inspect(quiet, &after);
    EXPECT_EQ(after.accessed.seconds, before.accessed.seconds);
    EXPECT_EQ(get(open("/f")), "x");
    file_inspect(quiet, &after);
    EXPECT_GT(after.accessed.seconds, before.accessed.seconds);
}

TEST_F(FileTest, AFileThatIsRemovedLivesUntilItIsClosed) {
    Open file = open("/f", CREATE);
    ASSERT_EQ(put(file, "text"), STATUS_OK);
    ASSERT_EQ(unlink("/f"), STATUS_OK);
    EXPECT_EQ(seek(file, 0, FROM_START), 0);
    EXPECT_EQ(get(file), "text");
    EXPECT_EQ(shown(file->place), "/f (deleted)");
}

} // namespace
