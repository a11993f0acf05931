#pragma once

#include "host_tests/files/files_test.h"
#include "kernel/files/path/changes.h"
#include "kernel/files/path/mount.h"
#include "kernel/files/path/path.h"

/* The file system of FilesTest is mounted as the root, where paths begin. */
class PathTest : public FilesTest {
  protected:
    void SetUp() override {
        FilesTest::SetUp();
        ASSERT_EQ(mount_create_root(root, &root_mount), STATUS_OK);
        view = view_of(ROOT);
    }

    /* The mount takes the file system with it. */
    void TearDown() override {
        end_files();
        EXPECT_EQ(mount_detach(root_mount), STATUS_OK);
        SpaceTest::TearDown();
    }

    path_view view_of(const credentials &who) const {
        location top = mount_root(root_mount);
        return {top, top, &who};
    }

    status make_at(const std::string &path, node_kind kind, const std::string &target = "") {
        node_request request = {};
        request.kind = kind;
        request.permissions = kind == NODE_DIRECTORY ? 0755 : 0644;
        request.link_target = name_of(target);
        return path_make(&view, path.c_str(), &request);
    }

    status mkdir(const std::string &path) {
        return make_at(path, NODE_DIRECTORY);
    }
    status touch(const std::string &path) {
        return make_at(path, NODE_REGULAR);
    }
    status symlink(const std::string &target, const std::string &path) {
        return make_at(path, NODE_SYMLINK, target);
    }
    status unlink(const std::string &path) {
        return path_remove(&view, path.c_str());
    }
    status rmdir(const std::string &path) {
        return path_remove_directory(&view, path.c_str());
    }
    status rename_path(const std::string &from, const std::string &to,
                       rename_mode mode = RENAME_OVER) {
        return path_rename(&view, from.c_str(), &view, to.c_str(), mode);
    }

    /* Owned by the test; see `release`. */
    status resolve(const std::string &path, location *found,
                   last_link last = LAST_LINK_FOLLOW) const {
        return path_resolve(&view, path.c_str(), last, found);
    }

    status reach(const std::string &path, last_link last = LAST_LINK_FOLLOW) const {
        location found = {};
        status result = resolve(path, &found, last);
        location_unref(&found);
        return result;
    }

    /* The path of what a path names, or "" where it names nothing. */
    std::string canonical(const std::string &path, last_link last = LAST_LINK_FOLLOW) const {
        location found = {};
        if (resolve(path, &found, last) != STATUS_OK) {
            return "";
        }
        std::string text = shown(found);
        location_unref(&found);
        return text;
    }

    std::string shown(const location &place) const {
        std::string buffer(PATH_SIZE_MAX, '?');
        const char *path;
        EXPECT_EQ(path_of(&place, &view.root, buffer.data(), buffer.size(), &path), STATUS_OK);
        return path;
    }

    mount *root_mount = nullptr;
    path_view view = {};
};
