#include "host_tests/files/file_test.h"
#include "kernel/proc/tree/made_fs.h"

namespace {

/* What the tables of this test tell of. */
struct Thing {
    int references = 0;
    bool is_there = true;
    std::string text = "first";
    unsigned show_count = 0;
    std::string accepted;
};

Thing thing;

status show(const made_view *view, const text_sink *sink) {
    thing.show_count++;
    EXPECT_EQ(view->state, view->subject->about);
    if (!thing.is_there) {
        return STATUS_NO_SUCH_PROCESS;
    }
    sink->write(sink->context, thing.text.data(), thing.text.size());
    return STATUS_OK;
}

status accept(const made_view *, const char *text, size_t length) {
    thing.accepted.assign(text, length);
    return thing.accepted == "wrong" ? STATUS_INVALID : STATUS_OK;
}

status keep(const made_subject *subject, void **state) {
    *state = subject->about;
    return subject->about == nullptr || thing.is_there ? STATUS_OK : STATUS_ACCESS_DENIED;
}

status read_bytes(const made_view *, uint64_t *position, transfer *transfer) {
    *position += transfer_put(transfer, "binary", 6);
    return transfer_result(transfer, STATUS_OK);
}

status read_link(const made_subject *, char *text, size_t *length) {
    memcpy(text, "7", 1);
    *length = 1;
    return STATUS_OK;
}

const made_entry THING_ENTRIES[] = {
    {.name = "bytes", .kind = NODE_REGULAR, .permissions = 0444, .read = read_bytes},
    {.name = "mute", .kind = NODE_REGULAR, .permissions = 0644},
    {.name = "text",
     .kind = NODE_REGULAR,
     .permissions = 0644,
     .open = keep,
     .show = show,
     .accept = accept},
};
const made_directory THING_DIRECTORY = {.entries = THING_ENTRIES, .entry_count = 3};
const made_entry THING_ENTRY = {
    .kind = NODE_DIRECTORY, .permissions = 0555, .directory = &THING_DIRECTORY};

/* There are the numbers 7 and 4000000000. */
status find_thing(const made_subject *, uint32_t number, made_child *child) {
    if ((number != 7 && number != 4'000'000'000) || !thing.is_there) {
        return STATUS_NOT_FOUND;
    }
    thing.references++;
    *child = {&THING_ENTRY, {&thing, number, 0}, 0500};
    return STATUS_OK;
}

bool next_thing(const made_subject *, uint32_t from, uint32_t *number) {
    *number = from <= 7 ? 7 : 4'000'000'000;
    return from <= 4'000'000'000 && thing.is_there;
}

const made_entry ROOT_ENTRIES[] = {
    {.name = "self", .kind = NODE_SYMLINK, .permissions = 0777, .read_link = read_link},
    {.name = "text", .kind = NODE_REGULAR, .permissions = 0444, .open = keep, .show = show},
};
const made_directory ROOT_DIRECTORY = {.entries = ROOT_ENTRIES,
                                       .entry_count = 2,
                                       .find = find_thing,
                                       .next = next_thing,
                                       .number_kind = NODE_DIRECTORY};

made_file_system tables = {
    .base = {.name = "made"},
    .root = &ROOT_DIRECTORY,
    .ref = [](void *) { thing.references++; },
    .unref = [](void *) { thing.references--; },
    .is_there =
        [](const made_subject *subject) { return subject->about == nullptr || thing.is_there; },
    .find_owner = [](const made_subject *subject, uint32_t *user,
                     uint32_t *group) { *user = *group = subject->about == nullptr ? 0 : 1000; },
};

/* It is mounted on /made. */
class MadeFsTest : public FileTest {
  protected:
    void SetUp() override {
        FileTest::SetUp();
        thing = Thing();
        location covered = {};
        node *top = nullptr;
        ASSERT_EQ(mkdir("/made"), STATUS_OK);
        ASSERT_EQ(made_fs_root(&tables, &top), STATUS_OK);
        ASSERT_EQ(resolve("/made", &covered), STATUS_OK);
        ASSERT_EQ(mount_attach(&covered, top, 0, &mounted_), STATUS_OK);
        location_unref(&covered);
    }

    /* Whatever was looked up has given its thing back. */
    void end_files() override {
        EXPECT_EQ(mount_detach(mounted_), STATUS_OK);
        EXPECT_EQ(thing.references, 0);
    }

    file_stat stat_of(const std::string &path) {
        location found = {};
        file_stat result = {};
        EXPECT_EQ(resolve(path, &found, LAST_LINK_KEEP), STATUS_OK) << path;
        if (found.node != nullptr) {
            node_stat(found.node, &result);
        }
        location_unref(&found);
        return result;
    }

    std::vector<std::string> list_of(const std::string &path) {
        location found = {};
        EXPECT_EQ(resolve(path, &found), STATUS_OK) << path;
        std::vector<std::string> names = list(found.node);
        location_unref(&found);
        return names;
    }

  private:
    mount *mounted_ = nullptr;
};

using Names = std::vector<std::string>;

TEST_F(MadeFsTest, ADirectoryHoldsItsTableAndTheNumbersThatThereAre) {
    EXPECT_EQ(list_of("/made"), (Names{"self", "text", "7", "4000000000"}));
    EXPECT_EQ(list_of("/made/7"), (Names{"bytes", "mute", "text"}));
    thing.is_there = false;
    EXPECT_EQ(list_of("/made"), (Names{"self", "text"}));
}

TEST_F(MadeFsTest, APathLeadsToWhatTheTablesSayAndBack) {
    EXPECT_EQ(canonical("/made/7/text"), "/made/7/text");
    EXPECT_EQ(canonical("/made/self/../7/bytes"), "/made/7/bytes");
    EXPECT_EQ(canonical("/made/4000000000"), "/made/4000000000");
    EXPECT_EQ(reach("/made/8"), STATUS_NOT_FOUND);
    EXPECT_EQ(reach("/made/07"), STATUS_NOT_FOUND);
    EXPECT_EQ(reach("/made/7/8"), STATUS_NOT_FOUND);
    EXPECT_EQ(reach("/made/7/text/x"), STATUS_NOT_A_DIRECTORY);
}

TEST_F(MadeFsTest, WhatIsGoneIsNotFoundAnyMore) {
    Open kept = open("/made/7/text");
    thing.is_there = false;
    std::string text;
    EXPECT_EQ(reach("/made/7/text"), STATUS_NOT_FOUND);
    EXPECT_EQ(get_status(kept, &text, 100), STATUS_NO_SUCH_PROCESS);
}

TEST_F(MadeFsTest, ANodeHasTheSameNumberWheneverItIsLookedUp) {
    EXPECT_EQ(stat_of("/made/7/text").number, stat_of("/made/7/text").number);
    EXPECT_NE(stat_of("/made/7/text").number, stat_of("/made/7/bytes").number);
    EXPECT_NE(stat_of("/made/7/text").number, stat_of("/made/4000000000/text").number);
    location found = {};
    listed_entry entry;
    ASSERT_EQ(resolve("/made", &found), STATUS_OK);
    ASSERT_EQ(directory_next(found.node, 2, &entry), STATUS_OK);
    location_unref(&found);
    EXPECT_EQ(entry.number, stat_of("/made/self").number);
}

TEST_F(MadeFsTest, ANodeIsWhoseItTellsOf) {
    EXPECT_EQ(stat_of("/made/7").user, 1000u);
    EXPECT_EQ(stat_of("/made/7").mode, NODE_DIRECTORY | 0500u);
    EXPECT_EQ(stat_of("/made/text").user, 0u);
    EXPECT_EQ(stat_of("/made/text").mode, NODE_REGULAR | 0444u);
}

TEST_F(MadeFsTest, ATextIsMadeOnceForAllWhoReadItInPieces) {
    Open file = open("/made/text", OPEN_READ_ONLY);
    EXPECT_EQ(get(file, 2), "fi");
    thing.text = "second";
    EXPECT_EQ(get(file, 2), "rs");
    EXPECT_EQ(get(file), "t");
    EXPECT_EQ(get(file), "");
    EXPECT_EQ(thing.show_count, 1u);
}

TEST_F(MadeFsTest, ReadFromItsStartATextIsMadeAnew) {
    Open file = open("/made/text", OPEN_READ_ONLY);
    EXPECT_EQ(get(file), "first");
    thing.text = "second";
    EXPECT_EQ(seek(file, 0, FROM_START), 0);
    EXPECT_EQ(get(file), "second");
    thing.text = std::string(100'000, 'x');
    EXPECT_EQ(seek(file, 0, FROM_START), 0);
    EXPECT_EQ(get(file, 200'000), thing.text);
}

TEST_F(MadeFsTest, WhatIsWrittenIsTakenAsAWhole) {
    Open file = open("/made/7/text");
    EXPECT_EQ(put(file, "abc"), STATUS_OK);
    EXPECT_EQ(thing.accepted, "abc");
    EXPECT_EQ(put(file, "wrong"), STATUS_INVALID);
    EXPECT_EQ(put(file, std::string(ACCEPTED_SIZE_MAX + 1, 'x')), STATUS_INVALID);
    EXPECT_EQ(thing.accepted, "wrong");
}

TEST_F(MadeFsTest, WhatAFileCannotIsInvalid) {
    Open mute = open("/made/7/mute");
    std::string text;
    EXPECT_EQ(get_status(mute, &text, 10), STATUS_INVALID);
    EXPECT_EQ(put(mute, "x"), STATUS_INVALID);
    EXPECT_EQ(get(open("/made/7/bytes", OPEN_READ_ONLY), 6), "binary");
}

TEST_F(MadeFsTest, CuttingAFileSucceedsAndDoesNothing) {
    Open file = open("/made/7/text", OPEN_READ_WRITE | OPEN_TRUNCATE);
    EXPECT_EQ(file_resize(file, &ROOT, 3), STATUS_OK);
    EXPECT_EQ(file_fill(file, &ROOT, FILL, 0, 10), STATUS_NOT_SUPPORTED);
    EXPECT_EQ(file_fill(file, &ROOT, FILL_WITH_HOLE, 0, 10), STATUS_OK);
    EXPECT_EQ(get(file), "first");
}

TEST_F(MadeFsTest, NothingCanBeMadeOrRemoved) {
    EXPECT_EQ(mkdir("/made/x"), STATUS_NOT_FOUND);
    EXPECT_EQ(touch("/made/x"), STATUS_NOT_FOUND);
    EXPECT_EQ(touch("/made/text"), STATUS_EXISTS);
    EXPECT_EQ(unlink("/made/text"), STATUS_NOT_PERMITTED);
    EXPECT_EQ(rmdir("/made/7"), STATUS_NOT_PERMITTED);
    EXPECT_EQ(rename_path("/made/text", "/made/other"), STATUS_NOT_PERMITTED);
    EXPECT_EQ(rename_path("/made/text", "/text"), STATUS_OTHER_FILE_SYSTEM);
}

TEST_F(MadeFsTest, WhoOpensAFileIsAskedFirst) {
    credentials alice = ALICE;
    view.credentials = &alice;
    EXPECT_EQ(open_status("/made/text", OPEN_READ_WRITE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(open_status("/made/text", OPEN_READ_ONLY), STATUS_OK);
    EXPECT_EQ(open_status("/made/7/text", OPEN_READ_WRITE), STATUS_OK) << "it is hers";
}

} // namespace
