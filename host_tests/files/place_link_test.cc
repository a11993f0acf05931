#include "host_tests/files/file_test.h"
#include "mm/heap/heap.h"

namespace {

/* Links that lead to a place, whatever their text says: a file system of nothing else. */
class PlaceLinkTest : public FileTest {
  protected:
    void SetUp() override {
        FileTest::SetUp();
        ASSERT_EQ(mkdir("/d"), STATUS_OK);
        ASSERT_EQ(mkdir("/d/e"), STATUS_OK);
        ASSERT_EQ(touch("/d/f"), STATUS_OK);
        ASSERT_EQ(mkdir("/links"), STATUS_OK);
        node *top = make_node(NODE_DIRECTORY);
        location covered = {};
        ASSERT_EQ(resolve("/links", &covered), STATUS_OK);
        ASSERT_EQ(mount_attach(&covered, top, 0, &mounted_), STATUS_OK);
        location_unref(&covered);
    }

    void end_files() override {
        location_unref(&target);
        target = {};
        EXPECT_EQ(mount_detach(mounted_), STATUS_OK);
    }

    /* Where every link leads from now on. */
    void lead_to(const std::string &path) {
        location_unref(&target);
        ASSERT_EQ(resolve(path, &target), STATUS_OK);
    }

    static node *make_node(node_kind kind) {
        node_request request = {};
        request.kind = kind;
        request.permissions = 0777;
        node *made = static_cast<node *>(heap_alloc(sizeof(node)));
        node_init(made, &system_, &operations_, &request);
        node_add_links(made, 1);
        return made;
    }

    static status find(node *directory, name text, node **child) {
        (void)directory;
        (void)text;
        *child = make_node(NODE_SYMLINK);
        return STATUS_OK;
    }

    static status follow(node *link, location *place) {
        (void)link;
        if (target.node == nullptr) {
            return STATUS_NOT_FOUND;
        }
        *place = target;
        location_ref(place);
        return STATUS_OK;
    }

    static node *release(node *gone) {
        heap_free(gone);
        return nullptr;
    }

    static node *whereabouts(node *, char *) {
        return nullptr;
    }

    static inline location target = {};

  private:
    static inline file_system system_ = {.name = "links",
                                         .dismantle = [](node *top) { node_unref(top); }};
    static inline const node_operations operations_ = {
        .release = release, .find = find, .whereabouts = whereabouts, .follow = follow};
    mount *mounted_ = nullptr;
};

TEST_F(PlaceLinkTest, ALinkLeadsToThePlaceItself) {
    lead_to("/d/e");
    EXPECT_EQ(canonical("/links/any"), "/d/e");
    EXPECT_EQ(canonical("/links/any/.."), "/d");
    EXPECT_EQ(canonical("/links/any/../f"), "/d/f");
}

TEST_F(PlaceLinkTest, ItLeadsEvenToWhatHasLostItsName) {
    lead_to("/d/f");
    ASSERT_EQ(unlink("/d/f"), STATUS_OK);
    EXPECT_EQ(reach("/d/f"), STATUS_NOT_FOUND);
    EXPECT_EQ(canonical("/links/any"), "/d/f (deleted)");
}

TEST_F(PlaceLinkTest, WhatComesAfterItNeedsADirectory) {
    lead_to("/d/f");
    EXPECT_EQ(reach("/links/any/e"), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(reach("/links/any/"), STATUS_NOT_A_DIRECTORY);
    lead_to("/d");
    EXPECT_EQ(canonical("/links/any/"), "/d");
}

TEST_F(PlaceLinkTest, ALinkThatLeadsNowhereIsAnError) {
    EXPECT_EQ(reach("/links/any"), STATUS_NOT_FOUND);
    EXPECT_EQ(reach("/links/any/e"), STATUS_NOT_FOUND);
    EXPECT_EQ(open_status("/links/any", OPEN_CREATE | OPEN_READ_WRITE), STATUS_NOT_FOUND);
}

TEST_F(PlaceLinkTest, OpeningItOpensTheFileAnew) {
    lead_to("/d/f");
    Open first = open("/links/any");
    EXPECT_EQ(put(first, "hello"), STATUS_OK);
    Open second = open("/links/any", OPEN_CREATE | OPEN_READ_WRITE);
    EXPECT_EQ(get(second), "hello");
    EXPECT_EQ(open_status("/links/any", OPEN_CREATE | OPEN_EXCLUSIVE | OPEN_READ_WRITE),
              STATUS_EXISTS);
    EXPECT_EQ(open_status("/links/any", OPEN_NO_FOLLOW), STATUS_LINK_LOOP);
}

TEST_F(PlaceLinkTest, ItCountsAmongTheLinksThatArePassed) {
    lead_to("/");
    std::string path;
    for (unsigned i = 0; i < LINK_FOLLOW_MAX; i++) {
        path += "/links/any";
    }
    EXPECT_EQ(reach(path), STATUS_OK);
    EXPECT_EQ(reach(path + "/links/any"), STATUS_LINK_LOOP);
}

TEST_F(PlaceLinkTest, APipeIsOpenedAgainAtOnce) {
    file *ends[2];
    ASSERT_EQ(file_open_pipe(&ROOT, 0, &ends[0], &ends[1]), STATUS_OK);
    Open reader(ends[0]);
    Open writer(ends[1]);
    EXPECT_EQ(put(writer, "bytes"), STATUS_OK);
    target = reader->place;
    location_ref(&target);
    writer.close();
    Open again = open("/links/any", OPEN_READ_ONLY);
    reader.close();
    EXPECT_EQ(get(again), "bytes");
    EXPECT_EQ(get(again), "") << "nobody writes";
}

} // namespace
