// Whatever a path says, walking it comes to an end and gives everything back; and the path that is
// shown of what it finds leads there again.

#include "host_tests/files/file_test.h"
#include "host_tests/models/model_run.h"

namespace {

class PathFuzz : public FileTest {
  public:
    explicit PathFuzz(const Choices &given) : choices(given) {}

    void step();
    void check() {}

    Choices choices;

  protected:
    void SetUp() override;
    void TearDown() override;

  private:
    std::string pick_path();
    void find_something(const std::string &path);
    void change_something(const std::string &path);
    void expect_to_lead_back(const location &found);

    mount *mounted_ = nullptr;
};

// A little of everything: directories, files, links to each and to themselves, and a mount.
void PathFuzz::SetUp() {
    FileTest::SetUp();
    node *other = nullptr;
    location covered = {};
    ASSERT_EQ(mkdir("/d"), STATUS_OK);
    ASSERT_EQ(mkdir("/d/e"), STATUS_OK);
    ASSERT_EQ(touch("/d/f"), STATUS_OK);
    ASSERT_EQ(symlink("d/e", "/l"), STATUS_OK);
    ASSERT_EQ(symlink("../../l/./up/", "/d/e/up"), STATUS_OK);
    ASSERT_EQ(symlink("/d/", "/d/e/abs"), STATUS_OK);
    ASSERT_EQ(mkdir("/m"), STATUS_OK);
    ASSERT_EQ(memory_fs_create(0755, &other), STATUS_OK);
    ASSERT_EQ(resolve("/m", &covered), STATUS_OK);
    ASSERT_EQ(mount_attach(&covered, other, 0, &mounted_), STATUS_OK);
    location_unref(&covered);
    ASSERT_EQ(symlink("../d", "/m/out"), STATUS_OK);
}

void PathFuzz::TearDown() {
    EXPECT_EQ(mount_detach(mounted_), STATUS_OK);
    FileTest::TearDown();
}

std::string PathFuzz::pick_path() {
    static const std::string pieces[] = {
        "/",       "/",       "//", ".",   "..",  "d",   "e", "f",
        "l",       "up",      "m",  "abs", "out", "new", "",  std::string(256, 'n'),
        "/d/e/up", "/m/out/e"};
    std::string path;
    while (path.size() < 5000 && !choices.one_in(8)) {
        if (choices.one_in(16)) {
            path += static_cast<char>(1 + choices.below(255));
        } else {
            path += choices.of(pieces);
        }
    }
    return path;
}

void PathFuzz::expect_to_lead_back(const location &found) {
    location again = {};
    if (node_link_count(found.node) == 0 || shown(found).size() >= PATH_SIZE_MAX) {
        return;
    }
    EXPECT_EQ(path_resolve(&view, shown(found).c_str(), LAST_LINK_KEEP, &again), STATUS_OK);
    EXPECT_TRUE(found.node->kind != NODE_DIRECTORY || location_is(&found, &again));
    EXPECT_EQ(found.node, again.node);
    location_unref(&again);
}

void PathFuzz::find_something(const std::string &path) {
    location found = {};
    path_parent parent;
    if (path_resolve_or_start(&view, path.c_str(), LAST_LINK_FOLLOW, &found) == STATUS_OK) {
        expect_to_lead_back(found);
    }
    location_unref(&found);
    if (path_find_parent(&view, path.c_str(), &parent) == STATUS_OK) {
        expect_to_lead_back(parent.directory);
        location_unref(&parent.directory);
    }
}

void PathFuzz::change_something(const std::string &path) {
    static constexpr node_kind kinds[] = {NODE_REGULAR, NODE_DIRECTORY, NODE_FIFO};
    static constexpr rename_mode modes[] = {RENAME_OVER, RENAME_ONLY_NEW, RENAME_SWAP};
    node_request request = {};
    request.kind = choices.of(kinds);
    bool is_made;
    location found = {};
    file *opened = nullptr;
    switch (choices.below(6)) {
    case 0:
        (void)!path_make(&view, path.c_str(), &request);
        break;
    case 1:
        (void)!path_remove(&view, path.c_str());
        break;
    case 2:
        (void)!path_remove_directory(&view, path.c_str());
        break;
    case 3:
        (void)!path_rename(&view, path.c_str(), &view, pick_path().c_str(), choices.of(modes));
        break;
    case 4:
        if (path_create(&view, path.c_str(), &request, LAST_LINK_FOLLOW, CREATE_OR_FIND, &found,
                        &is_made) == STATUS_OK) {
            expect_to_lead_back(found);
            (void)!path_link(&found, &view, pick_path().c_str());
            location_unref(&found);
        }
        break;
    default:
        if (file_open(&view, path.c_str(), OPEN_CREATE | OPEN_READ_WRITE | FILE_NO_WAIT, 0644,
                      &opened) == STATUS_OK) {
            expect_to_lead_back(opened->place);
        }
        file_unref(opened);
        break;
    }
}

void PathFuzz::step() {
    std::string path = pick_path();
    if (choices.one_in(2)) {
        find_something(path);
    } else {
        change_something(path);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_model<PathFuzz>(data, size);
}
