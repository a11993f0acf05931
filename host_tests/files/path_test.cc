#include "host_tests/files/path_test.h"

namespace {

/* Places that a test holds until it ends. */
class PlacesTest : public PathTest {
  protected:
    void end_files() override {
        while (!places_.empty()) {
            location_unref(&places_.back());
            places_.pop_back();
        }
    }

    location place(const std::string &path) {
        location found = {};
        EXPECT_EQ(resolve(path, &found), STATUS_OK) << path;
        places_.push_back(found);
        return found;
    }

    mount *mount_at(const std::string &path) {
        node *other = nullptr;
        mount *made = nullptr;
        location covered = {};
        EXPECT_EQ(memory_fs_create(0755, &other), STATUS_OK);
        EXPECT_EQ(resolve(path, &covered), STATUS_OK);
        EXPECT_EQ(mount_attach(&covered, other, 0, &made), STATUS_OK);
        location_unref(&covered);
        return made;
    }

  private:
    std::vector<location> places_;
};

TEST_F(PlacesTest, DotsAndSlashesMeanLittle) {
    ASSERT_EQ(mkdir("/a"), STATUS_OK);
    ASSERT_EQ(mkdir("a/b/"), STATUS_OK);
    EXPECT_EQ(canonical("//a/./b/../b//"), "/a/b");
    EXPECT_EQ(canonical("/../.."), "/");
    EXPECT_EQ(canonical("."), "/");
    EXPECT_EQ(canonical("a/b/../.."), "/");
    EXPECT_EQ(reach(""), STATUS_NOT_FOUND);
    EXPECT_EQ(reach("/a/c"), STATUS_NOT_FOUND);
    EXPECT_EQ(reach("/c/.."), STATUS_NOT_FOUND);
}

TEST_F(PlacesTest, APathStartsWhereItIsMeantFrom) {
    ASSERT_EQ(mkdir("/a"), STATUS_OK);
    ASSERT_EQ(mkdir("/a/b"), STATUS_OK);
    view.start = place("/a");
    EXPECT_EQ(canonical("b"), "/a/b");
    EXPECT_EQ(canonical(".."), "/");
    view.root = view.start;
    EXPECT_EQ(canonical("/b"), "/b") << "as after chroot";
    EXPECT_EQ(canonical("../../b/.."), "/");
    EXPECT_EQ(shown(mount_root(root_mount)), "(unreachable)/");
}

TEST_F(PlacesTest, OnlyDirectoriesAreSearched) {
    ASSERT_EQ(touch("/f"), STATUS_OK);
    EXPECT_EQ(reach("/f/x"), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(reach("/f/"), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(reach("/f/."), STATUS_NOT_A_DIRECTORY);
    view.start = place("/f");
    EXPECT_EQ(reach("x"), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(reach("/"), STATUS_OK);
    location found = {};
    EXPECT_EQ(path_resolve_or_start(&view, "", LAST_LINK_KEEP, &found), STATUS_OK);
    EXPECT_TRUE(location_is(&found, &view.start));
    location_unref(&found);
}

TEST_F(PlacesTest, ADirectoryThatMayNotBeSearchedHidesWhatIsInIt) {
    ASSERT_EQ(mkdir("/a"), STATUS_OK);
    ASSERT_EQ(touch("/a/f"), STATUS_OK);
    ASSERT_EQ(node_change_permissions(place("/a").node, &ROOT, 0644), STATUS_OK);
    EXPECT_EQ(reach("/a/f"), STATUS_OK) << "root may";
    view.credentials = &ALICE;
    EXPECT_EQ(reach("/a"), STATUS_OK);
    EXPECT_EQ(reach("/a/f"), STATUS_ACCESS_DENIED);
    EXPECT_EQ(reach("/a/none"), STATUS_ACCESS_DENIED);
    EXPECT_EQ(reach("/a/."), STATUS_ACCESS_DENIED);
    EXPECT_EQ(reach("/a/" + std::string(300, 'n')), STATUS_ACCESS_DENIED);
}

TEST_F(PlacesTest, NamesAndPathsHaveALargestLength) {
    EXPECT_EQ(reach(std::string(256, 'a')), STATUS_NAME_TOO_LONG);
    EXPECT_EQ(reach(std::string(255, 'a')), STATUS_NOT_FOUND);
    std::string long_path(PATH_SIZE_MAX - 1, '/');
    EXPECT_EQ(reach(long_path), STATUS_OK);
    EXPECT_EQ(reach(long_path + "/"), STATUS_NAME_TOO_LONG);
}

TEST_F(PlacesTest, LinksAreFollowedWhereverTheyLead) {
    ASSERT_EQ(mkdir("/a"), STATUS_OK);
    ASSERT_EQ(mkdir("/a/b"), STATUS_OK);
    ASSERT_EQ(touch("/a/b/f"), STATUS_OK);
    ASSERT_EQ(symlink("a/b", "/relative"), STATUS_OK);
    ASSERT_EQ(symlink("/a/", "/absolute"), STATUS_OK);
    ASSERT_EQ(symlink("../../absolute/b", "/a/b/up"), STATUS_OK);
    ASSERT_EQ(symlink("/", "/a/root"), STATUS_OK);
    EXPECT_EQ(canonical("/relative/f"), "/a/b/f");
    EXPECT_EQ(canonical("/absolute"), "/a");
    EXPECT_EQ(canonical("/relative/up/up/f"), "/a/b/f");
    EXPECT_EQ(canonical("/a/root/a/root"), "/");
    EXPECT_EQ(canonical("/relative/.."), "/a") << "of where the link leads";
}

TEST_F(PlacesTest, ALinkAtTheEndIsFollowedUnlessToldOtherwise) {
    ASSERT_EQ(mkdir("/a"), STATUS_OK);
    ASSERT_EQ(symlink("a", "/l"), STATUS_OK);
    ASSERT_EQ(symlink("none", "/dangling"), STATUS_OK);
    EXPECT_EQ(canonical("/l"), "/a");
    EXPECT_EQ(canonical("/l", LAST_LINK_KEEP), "/l");
    EXPECT_EQ(canonical("/l/", LAST_LINK_KEEP), "/a") << "the slash asks for the directory";
    EXPECT_EQ(reach("/dangling"), STATUS_NOT_FOUND);
    EXPECT_EQ(reach("/dangling", LAST_LINK_KEEP), STATUS_OK);
}

TEST_F(PlacesTest, ALinkToAFileIsNoDirectory) {
    ASSERT_EQ(touch("/f"), STATUS_OK);
    ASSERT_EQ(symlink("f", "/l"), STATUS_OK);
    ASSERT_EQ(symlink("f/", "/slash"), STATUS_OK);
    EXPECT_EQ(reach("/l"), STATUS_OK);
    EXPECT_EQ(reach("/l/"), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(reach("/slash"), STATUS_NOT_A_DIRECTORY);
}

TEST_F(PlacesTest, FortyLinksAreFollowedAndNotOneMore) {
    ASSERT_EQ(touch("/l0"), STATUS_OK);
    for (int i = 1; i <= 41; i++) {
        ASSERT_EQ(symlink("l" + std::to_string(i - 1), "/l" + std::to_string(i)), STATUS_OK);
    }
    EXPECT_EQ(reach("/l40"), STATUS_OK);
    EXPECT_EQ(reach("/l41"), STATUS_LINK_LOOP);
    ASSERT_EQ(symlink("loop/x", "/loop"), STATUS_OK);
    EXPECT_EQ(reach("/loop"), STATUS_LINK_LOOP);
    ASSERT_EQ(symlink(".", "/here"), STATUS_OK);
    std::string path;
    for (int i = 0; i < 40; i++) {
        path += "/here";
    }
    EXPECT_EQ(reach(path), STATUS_OK);
    EXPECT_EQ(reach(path + "/here"), STATUS_LINK_LOOP);
}

TEST_F(PlacesTest, ALinkHasAText) {
    EXPECT_EQ(symlink("", "/l"), STATUS_NOT_FOUND);
    EXPECT_EQ(symlink(std::string(4095, 'a'), "/l"), STATUS_OK);
    EXPECT_EQ(symlink(std::string(4096, 'a'), "/m"), STATUS_NAME_TOO_LONG);
    EXPECT_EQ(stat(find(root, "l")).size_bytes, 4095);
    EXPECT_EQ(reach("/l"), STATUS_NAME_TOO_LONG);
}

TEST_F(PlacesTest, MakingNamesWhatCannotBeMade) {
    ASSERT_EQ(mkdir("/a"), STATUS_OK);
    ASSERT_EQ(symlink("none", "/l"), STATUS_OK);
    EXPECT_EQ(mkdir("/"), STATUS_EXISTS);
    EXPECT_EQ(mkdir("/a/."), STATUS_EXISTS);
    EXPECT_EQ(mkdir("/a/.."), STATUS_EXISTS);
    EXPECT_EQ(mkdir("/a/"), STATUS_EXISTS);
    EXPECT_EQ(mkdir("/l"), STATUS_EXISTS) << "a link that leads nowhere is there";
    EXPECT_EQ(touch("/a/"), STATUS_EXISTS);
    EXPECT_EQ(touch("/b/"), STATUS_NOT_FOUND);
    EXPECT_EQ(mkdir("/b/c"), STATUS_NOT_FOUND);
}

TEST_F(PlacesTest, RemovingNamesWhatCannotBeRemoved) {
    ASSERT_EQ(mkdir("/a"), STATUS_OK);
    ASSERT_EQ(touch("/f"), STATUS_OK);
    EXPECT_EQ(unlink("/f/"), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(unlink("/a/"), STATUS_IS_A_DIRECTORY);
    EXPECT_EQ(unlink("/none/"), STATUS_NOT_FOUND);
    EXPECT_EQ(unlink("/a/."), STATUS_IS_A_DIRECTORY);
    EXPECT_EQ(rmdir("/a/."), STATUS_INVALID);
    EXPECT_EQ(rmdir("/a/.."), STATUS_NOT_EMPTY);
    EXPECT_EQ(rmdir("/"), STATUS_BUSY);
    EXPECT_EQ(rmdir("/f"), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(unlink("/f"), STATUS_OK);
    EXPECT_EQ(rmdir("/a/"), STATUS_OK);
}

TEST_F(PlacesTest, RenamingNamesWhatCannotBeRenamed) {
    ASSERT_EQ(mkdir("/a"), STATUS_OK);
    EXPECT_EQ(rename_path("/a/.", "/b"), STATUS_BUSY);
    EXPECT_EQ(rename_path("/a", "/"), STATUS_BUSY);
    EXPECT_EQ(rename_path("/a", "/", RENAME_ONLY_NEW), STATUS_EXISTS);
    EXPECT_EQ(rename_path("/a", "/a/b"), STATUS_INVALID);
    EXPECT_EQ(rename_path("/a/", "/b/"), STATUS_OK);
    EXPECT_EQ(canonical("/b"), "/b");
}

TEST_F(PlacesTest, CreatingFindsWhatIsThereOrMakesIt) {
    node_request request = {};
    request.kind = NODE_REGULAR;
    bool is_made;
    auto create = [&](const char *path, last_link last, path_creation creation) {
        location found = {};
        status result = path_create(&view, path, &request, last, creation, &found, &is_made);
        if (result == STATUS_OK) {
            location_unref(&found);
        }
        return result;
    };
    EXPECT_EQ(create("/f", LAST_LINK_FOLLOW, CREATE_ALONE), STATUS_OK);
    EXPECT_TRUE(is_made);
    EXPECT_EQ(create("/f", LAST_LINK_FOLLOW, CREATE_OR_FIND), STATUS_OK);
    EXPECT_FALSE(is_made);
    EXPECT_EQ(create("/f", LAST_LINK_FOLLOW, CREATE_ALONE), STATUS_EXISTS);
    EXPECT_EQ(create("/g/", LAST_LINK_FOLLOW, CREATE_OR_FIND), STATUS_IS_A_DIRECTORY);
    EXPECT_EQ(create("/", LAST_LINK_FOLLOW, CREATE_ALONE), STATUS_EXISTS);
    ASSERT_EQ(symlink("new", "/l"), STATUS_OK);
    EXPECT_EQ(create("/l", LAST_LINK_FOLLOW, CREATE_ALONE), STATUS_EXISTS);
    EXPECT_EQ(create("/l", LAST_LINK_FOLLOW, CREATE_OR_FIND), STATUS_OK);
    EXPECT_TRUE(is_made) << "through a link that led nowhere";
    EXPECT_EQ(canonical("/l"), "/new");
    EXPECT_EQ(create("/l", LAST_LINK_KEEP, CREATE_OR_FIND), STATUS_OK);
    EXPECT_FALSE(is_made);
}

TEST_F(PlacesTest, AMountCoversWhatWasThere) {
    ASSERT_EQ(mkdir("/m"), STATUS_OK);
    ASSERT_EQ(touch("/m/hidden"), STATUS_OK);
    location inside = place("/m");
    mount *mounted = mount_at("/m");
    EXPECT_EQ(reach("/m/hidden"), STATUS_NOT_FOUND);
    ASSERT_EQ(mkdir("/m/d"), STATUS_OK);
    EXPECT_EQ(canonical("/m/d"), "/m/d");
    EXPECT_EQ(canonical("/m/d/../.."), "/");
    EXPECT_EQ(canonical("/m/.."), "/");
    EXPECT_EQ(rmdir("/m"), STATUS_BUSY);
    EXPECT_EQ(rename_path("/m", "/n"), STATUS_BUSY);
    ASSERT_EQ(touch("/f"), STATUS_OK);
    EXPECT_EQ(rename_path("/f", "/m/f"), STATUS_OTHER_FILE_SYSTEM);
    EXPECT_EQ(rename_path("/.", "/m/f"), STATUS_OTHER_FILE_SYSTEM) << "before STATUS_BUSY";
    EXPECT_EQ(mount_detach(mounted), STATUS_OK);
    EXPECT_EQ(reach("/m/hidden"), STATUS_OK);
    view.start = inside;
    EXPECT_EQ(reach("hidden"), STATUS_OK);
}

TEST_F(PlacesTest, MountsStandOnMounts) {
    ASSERT_EQ(mkdir("/m"), STATUS_OK);
    mount *lower = mount_at("/m");
    mount *upper = mount_at("/m");
    ASSERT_EQ(touch("/m/f"), STATUS_OK);
    EXPECT_EQ(canonical("/m/f"), "/m/f");
    EXPECT_EQ(mount_detach(lower), STATUS_BUSY);
    EXPECT_EQ(mount_detach(root_mount), STATUS_BUSY);
    EXPECT_EQ(mount_detach(upper), STATUS_OK);
    EXPECT_EQ(reach("/m/f"), STATUS_NOT_FOUND);
    location held = place("/m");
    EXPECT_EQ(mount_detach(lower), STATUS_BUSY);
    end_files();
    (void)held;
    EXPECT_EQ(mount_detach(lower), STATUS_OK);
}

TEST_F(PlacesTest, ADetachedMountGoesWithItsLastUser) {
    ASSERT_EQ(mkdir("/m"), STATUS_OK);
    mount_at("/m");
    ASSERT_EQ(mkdir("/m/d"), STATUS_OK);
    mount_at("/m/d");
    location user, top;
    ASSERT_EQ(path_resolve(&view, "/m", LAST_LINK_FOLLOW, &user), STATUS_OK);
    ASSERT_EQ(path_resolve(&view, "/m", LAST_LINK_FOLLOW, &top), STATUS_OK);
    EXPECT_EQ(mount_detach_all(&top), STATUS_OK);
    EXPECT_EQ(reach("/m/d"), STATUS_NOT_FOUND);
    location_ref(&user);
    EXPECT_EQ(mount_detach_root(&user), STATUS_INVALID) << "it is detached already";
    location_ref(&user);
    EXPECT_EQ(mount_detach_all(&user), STATUS_INVALID);
    location_unref(&user);
}

TEST_F(PlacesTest, AMountExpiresUnlessAPathHasLedThere) {
    ASSERT_EQ(mkdir("/m"), STATUS_OK);
    mount_at("/m");
    location top;
    auto expire = [&] {
        EXPECT_EQ(path_resolve(&view, "/m", LAST_LINK_FOLLOW, &top), STATUS_OK);
        return mount_detach_expired(&top);
    };
    EXPECT_EQ(expire(), STATUS_TRY_AGAIN);
    ASSERT_EQ(touch("/m/f"), STATUS_OK);
    EXPECT_EQ(expire(), STATUS_TRY_AGAIN) << "it has been used";
    EXPECT_EQ(expire(), STATUS_OK);
    EXPECT_EQ(reach("/m/f"), STATUS_NOT_FOUND);
}

TEST_F(PlacesTest, NothingChangesInAMountThatIsReadOnly) {
    ASSERT_EQ(mkdir("/m"), STATUS_OK);
    mount *mounted = mount_at("/m");
    ASSERT_EQ(touch("/m/f"), STATUS_OK);
    ASSERT_EQ(mount_begin_writing(mounted), STATUS_OK);
    EXPECT_EQ(mount_set_flags(mounted, MOUNT_READ_ONLY), STATUS_BUSY);
    mount_end_writing(mounted);
    EXPECT_EQ(mount_set_flags(mounted, MOUNT_READ_ONLY), STATUS_OK);
    EXPECT_EQ(mount_begin_writing(mounted), STATUS_READ_ONLY);
    EXPECT_EQ(mkdir("/m/d"), STATUS_READ_ONLY);
    EXPECT_EQ(mkdir("/m/f"), STATUS_EXISTS);
    EXPECT_EQ(rename_path("/m/f", "/m/g"), STATUS_READ_ONLY);
    EXPECT_EQ(rmdir("/m/d"), STATUS_READ_ONLY);
    EXPECT_EQ(mount_detach(mounted), STATUS_OK);
}

TEST_F(PlacesTest, AMountForbidsFromItsFirstMoment) {
    location covered = {};
    node *top = nullptr;
    mount *mounted = nullptr;
    ASSERT_EQ(mkdir("/m"), STATUS_OK);
    ASSERT_EQ(resolve("/m", &covered), STATUS_OK);
    ASSERT_EQ(memory_fs_create(0755, &top), STATUS_OK);
    ASSERT_EQ(mount_attach(&covered, top, MOUNT_READ_ONLY, &mounted), STATUS_OK);
    location_unref(&covered);
    EXPECT_EQ(mount_begin_writing(mounted), STATUS_READ_ONLY);
    EXPECT_EQ(mount_detach(mounted), STATUS_OK);
}

TEST_F(PlacesTest, AViewCanRefuseLinksAndWhatLeadsOut) {
    ASSERT_EQ(mkdir("/d"), STATUS_OK);
    ASSERT_EQ(mkdir("/d/e"), STATUS_OK);
    ASSERT_EQ(touch("/d/f"), STATUS_OK);
    ASSERT_EQ(symlink("../f", "/d/e/up"), STATUS_OK);
    ASSERT_EQ(symlink("../../d/f", "/d/e/out"), STATUS_OK);
    ASSERT_EQ(symlink("/d/f", "/d/e/absolute"), STATUS_OK);
    view.start = place("/d");
    view.stays_below = true;
    EXPECT_EQ(reach("e/../f"), STATUS_OK);
    EXPECT_EQ(reach("e/up"), STATUS_OK);
    EXPECT_EQ(reach(".."), STATUS_OTHER_FILE_SYSTEM);
    EXPECT_EQ(reach("e/out"), STATUS_OTHER_FILE_SYSTEM);
    EXPECT_EQ(reach("e/absolute"), STATUS_OTHER_FILE_SYSTEM);
    EXPECT_EQ(reach("/d/f"), STATUS_OTHER_FILE_SYSTEM);
    view.stays_below = false;
    view.refuses_links = true;
    EXPECT_EQ(reach("e/up"), STATUS_LINK_LOOP);
    EXPECT_EQ(reach("e/../f"), STATUS_OK);
}

TEST_F(PlacesTest, AViewCanStayInItsMount) {
    ASSERT_EQ(mkdir("/m"), STATUS_OK);
    mount *mounted = mount_at("/m");
    ASSERT_EQ(mkdir("/m/d"), STATUS_OK);
    ASSERT_EQ(symlink("/m", "/m/d/rooted"), STATUS_OK);
    location start = {};
    ASSERT_EQ(path_resolve(&view, "/m/d", LAST_LINK_FOLLOW, &start), STATUS_OK);
    path_view strict = view;
    strict.stays_in_mount = true;
    location found = {};
    EXPECT_EQ(path_resolve(&strict, "/m", LAST_LINK_FOLLOW, &found), STATUS_OTHER_FILE_SYSTEM);
    strict.start = start;
    EXPECT_EQ(path_resolve(&strict, "..", LAST_LINK_FOLLOW, &found), STATUS_OK);
    location_unref(&found);
    EXPECT_EQ(path_resolve(&strict, "../..", LAST_LINK_FOLLOW, &found), STATUS_OTHER_FILE_SYSTEM);
    EXPECT_EQ(path_resolve(&strict, "rooted", LAST_LINK_FOLLOW, &found), STATUS_OTHER_FILE_SYSTEM);
    location_unref(&start);
    EXPECT_EQ(mount_detach(mounted), STATUS_OK);
}

TEST_F(PlacesTest, WhoStandsOnTheRootOfAMountCanTakeItAway) {
    ASSERT_EQ(mkdir("/m"), STATUS_OK);
    mount_at("/m");
    ASSERT_EQ(mkdir("/m/d"), STATUS_OK);
    location inside, top;
    ASSERT_EQ(path_resolve(&view, "/m/d", LAST_LINK_FOLLOW, &inside), STATUS_OK);
    ASSERT_EQ(path_resolve(&view, "/m", LAST_LINK_FOLLOW, &top), STATUS_OK);
    EXPECT_EQ(mount_detach_root(&top), STATUS_BUSY);
    EXPECT_EQ(mount_detach_root(&inside), STATUS_INVALID) << "no root";
    ASSERT_EQ(path_resolve(&view, "/", LAST_LINK_FOLLOW, &top), STATUS_OK);
    EXPECT_EQ(mount_detach_root(&top), STATUS_INVALID) << "it covers nothing";
    ASSERT_EQ(path_resolve(&view, "/m", LAST_LINK_FOLLOW, &top), STATUS_OK);
    EXPECT_EQ(mount_detach_root(&top), STATUS_OK);
    EXPECT_EQ(reach("/m/d"), STATUS_NOT_FOUND);
}

TEST_F(PlacesTest, EveryMountIsListedInTheOrderTheyCame) {
    ASSERT_EQ(mkdir("/m"), STATUS_OK);
    mount *mounted = mount_at("/m");
    std::vector<mount *> seen;
    mount_for_each(
        [](void *context, mount *each) {
            static_cast<std::vector<mount *> *>(context)->push_back(each);
        },
        &seen);
    EXPECT_EQ(seen, (std::vector<mount *>{root_mount, mounted}));
    EXPECT_EQ(shown(mount_root(mounted)), "/m");
    EXPECT_EQ(mount_detach(mounted), STATUS_OK);
}

TEST_F(PlacesTest, MountingWithoutMemoryChangesNothing) {
    ASSERT_EQ(mkdir("/m"), STATUS_OK);
    node *other = nullptr;
    mount *mounted = nullptr;
    /* Among so many there is one for which no slab has room left. */
    for (int i = 0; i < 20; i++) {
        EXPECT_EQ(touch("/f" + std::to_string(i)), STATUS_OK);
        expect_all_or_nothing(kernel_space(), [&] { return memory_fs_create(0755, &other); });
        other->system->dismantle(other);
    }
    ASSERT_EQ(memory_fs_create(0755, &other), STATUS_OK);
    {
        location covered = place("/m");
        expect_all_or_nothing(kernel_space(),
                              [&] { return mount_attach(&covered, other, 0, &mounted); });
    }
    end_files();
    EXPECT_EQ(mount_detach(mounted), STATUS_OK);
}

TEST_F(PlacesTest, ADirectoryIsMountedOnADirectoryThatIsThere) {
    ASSERT_EQ(touch("/f"), STATUS_OK);
    ASSERT_EQ(mkdir("/d"), STATUS_OK);
    location file = place("/f");
    location directory = place("/d");
    ASSERT_EQ(rmdir("/d"), STATUS_OK);
    node *other;
    mount *made;
    ASSERT_EQ(memory_fs_create(0755, &other), STATUS_OK);
    EXPECT_EQ(mount_attach(&file, other, 0, &made), STATUS_NOT_A_DIRECTORY);
    EXPECT_EQ(mount_attach(&directory, other, 0, &made), STATUS_NOT_FOUND);
    other->system->dismantle(other);
}

TEST_F(PlacesTest, AWorkingDirectoryThatWasRemovedStillHasAPath) {
    ASSERT_EQ(mkdir("/a"), STATUS_OK);
    ASSERT_EQ(mkdir("/a/b"), STATUS_OK);
    view.start = place("/a/b");
    ASSERT_EQ(rmdir("/a/b"), STATUS_OK);
    EXPECT_EQ(shown(view.start), "/a/b (deleted)");
    EXPECT_EQ(canonical(".."), "/a");
    EXPECT_EQ(touch("f"), STATUS_NOT_FOUND);
    const char *path;
    char small[14];
    EXPECT_EQ(path_of(&view.start, &view.root, small, sizeof(small), &path), STATUS_OUT_OF_RANGE);
}

TEST_F(PlacesTest, AFileFollowsItsRename) {
    ASSERT_EQ(touch("/f"), STATUS_OK);
    location file = place("/f");
    ASSERT_EQ(mkdir("/d"), STATUS_OK);
    ASSERT_EQ(rename_path("/f", "/d/g"), STATUS_OK);
    EXPECT_EQ(shown(file), "/d/g");
    ASSERT_EQ(path_link(&file, &view, "/h"), STATUS_OK);
    ASSERT_EQ(unlink("/d/g"), STATUS_OK);
    EXPECT_EQ(shown(file), "/h");
}

TEST_F(PlacesTest, FollowingLinksWithoutMemoryHoldsNothing) {
    ASSERT_EQ(symlink("b", "/a"), STATUS_OK);
    ASSERT_EQ(symlink("c", "/b"), STATUS_OK);
    ASSERT_EQ(touch("/c"), STATUS_OK);
    EXPECT_GE(expect_all_or_nothing(kernel_space(), [&] { return reach("/a"); }), 2u);
}

} // namespace
