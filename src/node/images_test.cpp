// Imports: what is taken, and what is refused whole. Archives are made here, byte by byte.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/hash.h"
#include "data/json.h"
#include "node/images/import.h"
#include "node/images/test_archive.h"
#include "node/testing.h"

namespace slipway::node::images {
namespace {

namespace fs = std::filesystem;
using data::Value;

using test::gzip;
using test::tar_of;
using test::TarFile;

class ImagesTest : public testing::Test {
 protected:
  base::Result<Entry> import_bytes(const std::string& bytes, ImportOptions options = {}) {
    EXPECT_TRUE(write_file(folder_.path + "/in.tar", bytes));
    return import_image(store_, folder_.path + "/in.tar", "shop/web:1", options);
  }
  // Refused with this word in the reason, and nothing is left.
  void expect_refused(const std::vector<TarFile>& files, const std::string& word, ImportOptions options = {}) {
    const auto entry = import_bytes(tar_of(files), options);
    ASSERT_FALSE(entry) << word;
    EXPECT_NE(entry.error().message.find(word), std::string::npos) << entry.error().message;
    EXPECT_FALSE(store_.resolve("shop/web:1"));
    EXPECT_TRUE(fs::is_empty(folder_.path + "/images/drafts"));
  }
  std::string content(const std::string& path) {
    return read_file(store_.resolve("shop/web:1")->root + "/" + path).value_or("(absent)");
  }

  TempFolder folder_;
  Store store_{folder_.path + "/images", false};
};

TEST_F(ImagesTest, AFolderBecomesAnImage) {
  const std::string dir = folder_.path + "/web";
  ASSERT_TRUE(make_folders(dir + "/etc/web", 0700));
  ASSERT_TRUE(write_file(dir + "/web", "program", 0755));
  ASSERT_TRUE(write_file(dir + "/etc/web/conf", "x=1", 0600));
  fs::create_symlink("web", dir + "/alias");
  const auto entry = import_image(store_, dir, "shop/web:1.9.0", {.entrypoint = std::vector<std::string>{"/web"}});
  ASSERT_TRUE(entry) << entry.error().message;
  const auto image = store_.resolve("shop/web:1.9.0");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->digest, entry->digest);
  EXPECT_EQ(image->entrypoint, std::vector<std::string>{"/web"});
  struct stat s{};
  ASSERT_EQ(stat((image->root + "/etc/web/conf").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0444u);  // pods have another user and must be able to read
  ASSERT_EQ(stat((image->root + "/alias").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0555u);
}

TEST_F(ImagesTest, TheSameContentHasTheSameDigest) {
  const auto first = import_bytes(tar_of({{"b", "2"}, {"a", "1"}}));
  const auto second = import_bytes(gzip(tar_of({{"./a", "1"}, {"./b", "2"}})));
  const auto other = import_bytes(tar_of({{"a", "1"}, {"b", "3"}}));
  ASSERT_TRUE(first && second && other);
  EXPECT_EQ(first->digest, second->digest);
  EXPECT_NE(first->digest, other->digest);
  EXPECT_EQ(store_.list().size(), 1u);
}

TEST_F(ImagesTest, ReadsLongNames) {
  const std::string path = std::string(60, 'd') + "/" + std::string(150, 'f');
  const std::string record = std::to_string(path.size() + 10) + " path=" + path + "\n";
  ASSERT_EQ(record.size(), path.size() + 10);
  ASSERT_TRUE(import_bytes(tar_of({{"pax", record, "", 'x'}, {"short", "pax"}})));
  EXPECT_EQ(content(path), "pax");
  ASSERT_TRUE(import_bytes(tar_of({{"././@LongLink", path + std::string(1, '\0'), "", 'L'}, {"short", "gnu"}})));
  EXPECT_EQ(content(path), "gnu");
}

TEST_F(ImagesTest, RefusesWhatCouldHarm) {
  expect_refused({{"../evil", "x"}}, "..");
  expect_refused({{"a/../../evil", "x"}}, "..");
  expect_refused({{"/etc/passwd", "x"}}, "absolute");
  expect_refused({{"l", "", "../../etc", '2'}}, "out of the image");
  expect_refused({{"a/l", "", "../../etc/passwd", '2'}}, "out of the image");
  expect_refused({{"l", "", "/etc/shadow", '2'}}, "not in the image");
  expect_refused({{"d", "", "e", '2'}, {"e", "", "", '5'}, {"d/x", "x"}}, "through a link");
  expect_refused({{"h", "", "../outside", '1'}}, "..");
  expect_refused({{"h", "", "absent", '1'}}, "no file of the image");
  expect_refused({{"l", "", "x", '2'}, {"h", "", "l", '1'}}, "no file of the image");
  expect_refused({{"null", "", "", '3'}}, "device");
  expect_refused({{"pipe", "", "", '6'}}, "device");
  expect_refused({{"su", "x", "", '0', 04755}}, "setuid");
  expect_refused({{"su", "x", "", '0', 02755}}, "setuid");
  expect_refused({{"a", "1"}, {"a", "2"}}, "twice");
  expect_refused({{"a", "1"}, {"./a", "2"}}, "twice");
  expect_refused({{"a", "1"}, {"a/b", "2"}}, "");
  expect_refused({{"a", std::string(2000, 'x')}}, "larger", {.limits = {.bytes = 1000}});
  expect_refused({{"a"}, {"b"}, {"c"}}, "entries", {.limits = {.entries = 2}});
}

TEST_F(ImagesTest, RefusesDamagedArchives) {
  std::string bytes = tar_of({{"a", "1"}});
  bytes[0] = 'b';
  const auto flipped = import_bytes(bytes);
  ASSERT_FALSE(flipped);
  EXPECT_NE(flipped.error().message.find("checksum"), std::string::npos);
  EXPECT_FALSE(import_bytes(tar_of({{"a", std::string(5000, 'x')}}).substr(0, 2000)));
  EXPECT_FALSE(import_bytes(gzip(tar_of({{"a", std::string(5000, 'x')}})).substr(0, 60)));
}

TEST_F(ImagesTest, AbsoluteLinksMeanTheImagesOwnRoot) {
  ASSERT_TRUE(import_bytes(tar_of({{"bin/busybox", "b", "", '0', 0755}, {"usr/bin/sh", "", "/bin/busybox", '2'}})));
  EXPECT_EQ(fs::read_symlink(store_.resolve("shop/web:1")->root + "/usr/bin/sh"), "../../bin/busybox");
  EXPECT_EQ(content("usr/bin/sh"), "b");
}

// A text that leads nowhere may still leave, through a folder that is a link itself.
TEST_F(ImagesTest, LinksThroughLinksStayInside) {
  expect_refused({{"a/b/up", "", "../..", '2'}, {"l", "", "a/b/up/../../outside", '2'}}, "through other links");
  expect_refused({{"a/b/up", "", "/", '2'}, {"l", "", "a/b/up/..", '2'}}, "through other links");
  ASSERT_TRUE(import_bytes(tar_of({{"a/b/up", "", "../..", '2'}, {"l", "", "a/b/up/a", '2'}})));
}

TEST_F(ImagesTest, RefusesPathsThatWouldNotFit) {
  std::string deep;
  for (int i = 0; i < 12; ++i) deep += std::string(250, 'd') + "/";
  expect_refused({{deep + "f", "x"}}, "not a usable path");
  expect_refused({{deep + ".wh..wh..opq"}}, "not a usable path");
}

class OciTest : public ImagesTest {
 protected:
  void write_layout(const std::vector<std::string>& layers) {
    const Value config = Value::object({{"config", Value::object({{"Entrypoint", Value::array({"/web"})},
                                                                  {"Cmd", Value::array({"-v"})},
                                                                  {"Env", Value::array({"A=1=2"})},
                                                                  {"WorkingDir", "/srv"},
                                                                  {"User", "1000:1000"}})}});
    ASSERT_TRUE(make_folders(layout_ + "/blobs/sha256", 0755));
    for (const TarFile& f : test::oci_layout(layers, data::to_json(config)))
      ASSERT_TRUE(write_file(layout_ + "/" + f.path, f.bytes));
  }
  std::string layout_ = folder_.path + "/layout";
};

TEST_F(OciTest, LayersLieOverEachOtherAndWhiteoutsRemove) {
  write_layout({gzip(tar_of({{"web", "v1", "", '0', 0755}, {"old/a", "a"}, {"old/b", "b"}, {"gone", "x"}})),
                gzip(tar_of({{"web", "v2", "", '0', 0755}, {".wh.gone"}, {"old/.wh..wh..opq"}, {"old/c", "c"}}))});
  const auto entry = import_image(store_, layout_, "shop/web:1");
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(content("web"), "v2");
  EXPECT_EQ(content("gone"), "(absent)");
  EXPECT_EQ(content("old/a"), "(absent)");
  EXPECT_EQ(content("old/c"), "c");
  const auto image = *store_.resolve("shop/web:1");
  EXPECT_EQ(image.entrypoint, std::vector<std::string>{"/web"});
  EXPECT_EQ(image.command, std::vector<std::string>{"-v"});
  EXPECT_EQ(image.env, (std::vector<std::pair<std::string, std::string>>{{"A", "1=2"}}));
  EXPECT_EQ(image.workdir, "/srv");
  EXPECT_EQ(image.uid, 1000);
}

TEST_F(OciTest, ATamperedBlobIsRefused) {
  const std::string layer = gzip(tar_of({{"web", "v1"}}));
  write_layout({layer});
  ASSERT_TRUE(write_file(layout_ + "/blobs/sha256/" + base::sha256_hex(layer), gzip(tar_of({{"web", "evil"}}))));
  const auto entry = import_image(store_, layout_, "shop/web:1");
  ASSERT_FALSE(entry);
  EXPECT_NE(entry.error().message.find("tampered"), std::string::npos);
}

TEST_F(ImagesTest, DockerArchives) {
  const std::string layer = tar_of({{"web", "v1", "", '0', 0755}});
  const std::string config = R"({"config":{"Entrypoint":["/web"]}})";
  const auto entry = import_bytes(tar_of({{"l1/layer.tar", layer},
                                          {"c.json", config},
                                          {"manifest.json", R"([{"Config":"c.json","Layers":["l1/layer.tar"]}])"}}));
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(content("web"), "v1");
  EXPECT_EQ(store_.resolve("shop/web:1")->entrypoint, std::vector<std::string>{"/web"});
}

// Where the archive is unpacked for looking into it, a link of it would name a file of this machine.
TEST_F(ImagesTest, AnArchiveCannotNameFilesOfThisMachine) {
  ASSERT_TRUE(write_file(folder_.path + "/private.tar", tar_of({{"stolen", "x"}})));
  ASSERT_TRUE(write_file(folder_.path + "/private.json", R"({"config":{"Env":["STOLEN=1"]}})"));
  const TarFile link{"l", "", folder_.path, '2'}, config{"c.json", "{}"}, layer{"layer.tar", tar_of({{"web", "v1"}})};
  expect_refused({link, config, {"manifest.json", R"([{"Config":"c.json","Layers":["l/private.tar"]}])"}}, "lacks");
  expect_refused({link, layer, {"manifest.json", R"([{"Config":"l/private.json","Layers":["layer.tar"]}])"}}, "lacks");
  expect_refused({{"oci-layout", "{}"}, {"index.json", "", "/dev/zero", '2'}}, "lacks");
}

TEST_F(ImagesTest, AMissingImageComesWithItsRemedy) {
  const auto image = store_.resolve("shop/web:2");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, base::Code::NotFound);
  EXPECT_NE(image.error().message.find("slipway image import shop/web:2 DIR"), std::string::npos);
  EXPECT_EQ(store_.resolve("host").error().code, base::Code::Forbidden);
  EXPECT_EQ(Store(folder_.path, true).resolve("host")->root, "/");
}

TEST_F(ImagesTest, RemovesTheContentWithItsLastName) {
  ASSERT_TRUE(import_bytes(tar_of({{"a", "1"}})));
  const std::string root = store_.resolve("shop/web:1")->root;
  ASSERT_TRUE(import_image(store_, folder_.path + "/in.tar", "shop/web:2"));
  ASSERT_TRUE(store_.remove("shop/web:1"));
  EXPECT_TRUE(fs::exists(root));
  ASSERT_TRUE(store_.remove("shop/web:2"));
  EXPECT_FALSE(fs::exists(root));
}

TEST(Reference, Parts) {
  EXPECT_EQ(parse_reference("shop/web")->tag, "latest");
  EXPECT_EQ(parse_reference("localhost:5000/web")->name, "localhost:5000/web");
  EXPECT_EQ(parse_reference("a:1@sha256:" + std::string(64, '0'))->tag, "1");
  for (const char* bad : {"", "a b", "../x", "/x", "a:", "a@md5:1", "x;rm"}) EXPECT_FALSE(parse_reference(bad)) << bad;
}

}  // namespace
}  // namespace slipway::node::images
