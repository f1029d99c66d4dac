// Hostile archives: an import is refused or complete, the same archive is the same image, nothing of this machine gets
// in, and no link of the image leads out.
//
// The input is a list of entries as text, so that it can be wrong in meaning while checksums and digests are right:
//   tar | gzip | docker | oci | raw      how it is packed; "raw": the rest of the input is the archive itself
//   f MODE PATH CONTENT                  a file
//   d MODE PATH                          a folder
//   l PATH TARGET / h PATH TARGET        a link / a hard link
//   TYPE PATH TARGET                     any other type of tar
//   c CONFIG                             the image's configuration
//   ---                                  the next layer
//   o ENTRY                              an entry of the outer archive, before what belongs there
// In paths and targets "@S" is the folder with this machine's secrets, "@L" a very long name.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/strings.h"
#include "node/images/import.h"
#include "node/images/test_archive.h"
#include "node/posix.h"

namespace {
namespace fs = std::filesystem;
using namespace slipway;
using namespace slipway::node;
using images::test::TarFile;

const std::string kSecret = base::sha256_hex("known to this machine only");
constexpr images::ImportLimits kLimits{.bytes = 1 << 20, .file_bytes = 1 << 20, .entries = 200};

// One scratch folder per process. What lies beside the store must stay as it is, and outside of every image.
struct Ground {
  Ground() {
    std::string folder = (::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + std::string("/slipway-fuzz-XXXXXX");
    SLIPWAY_CHECK(mkdtemp(folder.data()));
    path = folder;
    SLIPWAY_CHECK(make_folders(path + "/secret", 0700).has_value());
    const std::string tar = images::test::tar_of({{.path = "stolen", .bytes = kSecret}});
    SLIPWAY_CHECK(write_file(path + "/secret/layer.tar", tar).has_value());
    SLIPWAY_CHECK(write_file(path + "/secret/c.json", R"({"config":{"Env":["S=)" + kSecret + "\"]}}").has_value());
  }
  ~Ground() { (void)remove_tree(path); }
  std::string path;
};

std::string replaced(std::string text, std::string_view mark, const std::string& by) {
  for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + by.size())) text.replace(at, 2, by);
  return text;
}

std::string_view next_word(std::string_view& rest) {
  const auto end = std::min(rest.find(' '), rest.size());
  const auto word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

struct Script {
  std::string packing, config = "{}";
  std::vector<TarFile> outer;
  std::vector<std::vector<TarFile>> layers = {{}};
};

class Reader {
 public:
  explicit Reader(const std::string& ground) : ground_(ground) {}

  Script read(std::string_view text) {
    Script script;
    for (std::string_view line : base::split(text, '\n')) {
      if (script.packing.empty())
        script.packing = line;
      else if (line == "---")
        script.layers.emplace_back();
      else if (line.starts_with("c "))
        script.config = line.substr(2);
      else if (line.starts_with("o "))
        add(script.outer, line.substr(2));
      else
        add(script.layers.back(), line);
    }
    return script;
  }

 private:
  void add(std::vector<TarFile>& files, std::string_view line) {
    if (line.size() < 3 || line[1] != ' ') return;
    TarFile file{.path = ""};
    file.type = line[0] == 'f' ? '0' : line[0] == 'd' ? '5' : line[0] == 'l' ? '2' : line[0] == 'h' ? '1' : line[0];
    line.remove_prefix(2);
    if (file.type == '0' || file.type == '5') {
      file.mode = 0;
      for (char c : next_word(line)) file.mode = (file.mode << 3 | (c & 7)) & 07777;
    }
    file.path = path_of(next_word(line));
    (file.type == '0' ? file.bytes : file.target) = file.type == '0' ? std::string(line) : path_of(line);
    files.push_back(std::move(file));
  }
  // No header can hold more than what stands before a NUL.
  std::string path_of(std::string_view text) const {
    text = text.substr(0, std::min<std::size_t>(8192, text.find('\0')));
    return replaced(replaced(std::string(text), "@S", ground_ + "/secret"), "@L", std::string(250, 'n'));
  }
  std::string ground_;
};

std::string archive_of(const Script& script) {
  std::vector<std::string> layers;
  for (const auto& files : script.layers) layers.push_back(images::test::tar_of(files));
  if (script.packing == "tar") return layers[0];
  if (script.packing == "gzip") return images::test::gzip(layers[0]);
  std::vector<TarFile> files = script.outer;
  const auto rest = script.packing == "oci" ? images::test::oci_layout(layers, script.config)
                                            : images::test::docker_archive(layers, script.config);
  for (const TarFile& file : rest) {
    const auto same = [&](const TarFile& f) { return f.path == file.path; };
    if (std::none_of(files.begin(), files.end(), same)) files.push_back(file);
  }
  return images::test::tar_of(files);
}

// Where a link leads, followed to its end. Links that go in circles lead nowhere.
std::optional<std::string> end_of(const fs::path& link) {
  std::error_code error;
  const auto end = fs::weakly_canonical(link, error);
  return error ? std::nullopt : std::optional(end.string());
}

void check_inside(const std::string& folder) {
  const std::string root = folder + "/root";
  SLIPWAY_CHECK(read_file(folder + "/image.json")->find(kSecret) == std::string::npos);
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    struct stat s{};
    SLIPWAY_CHECK(lstat(entry.path().c_str(), &s) == 0);
    SLIPWAY_CHECK(S_ISREG(s.st_mode) || S_ISDIR(s.st_mode) || S_ISLNK(s.st_mode));
    SLIPWAY_CHECK((s.st_mode & (S_ISUID | S_ISGID)) == 0);
    if (S_ISREG(s.st_mode)) SLIPWAY_CHECK(read_file(entry.path())->find(kSecret) == std::string::npos);
    if (!S_ISLNK(s.st_mode)) continue;
    SLIPWAY_CHECK(!fs::read_symlink(entry.path()).is_absolute());
    const auto end = end_of(entry.path());
    SLIPWAY_CHECK(!end || *end == root || end->starts_with(root + "/"));
  }
}

void check_nothing_left(const std::string& folder) {
  if (!fs::exists(folder)) return;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) SLIPWAY_CHECK(entry.path() == folder + "/drafts");
}

// A plain archive that was taken holds what it says: of each file, the bytes.
void check_content(const Script& script, const std::string& root) {
  if (script.packing != "tar" && script.packing != "gzip") return;
  for (const TarFile& file : script.layers[0]) {
    const bool special = file.path.find(".wh.") != file.path.npos;  // removes others
    if (special) return;
  }
  for (const TarFile& file : script.layers[0])
    if (file.type == '0' && !file.path.ends_with('/'))  // with a slash it is a folder, as old archives write them
      SLIPWAY_CHECK(read_file(root + "/" + file.path).value_or("?") == file.bytes);
}

void check_import(const Ground& ground, const std::string& archive, const Script* script) {
  const images::Store store(ground.path + "/images", false);
  SLIPWAY_CHECK(write_file(ground.path + "/in", archive).has_value());
  const auto entry = images::import_image(store, ground.path + "/in", "fuzz:1", {.limits = kLimits});
  if (entry) {
    const std::string root = store.resolve("fuzz:1")->root;
    check_inside(root.substr(0, root.rfind('/')));
    if (script) check_content(*script, root);
    const auto again = images::import_image(store, ground.path + "/in", "fuzz:2", {.limits = kLimits});
    SLIPWAY_CHECK(again && again->digest == entry->digest);
  } else {
    SLIPWAY_CHECK(!entry.error().message.empty());
    check_nothing_left(ground.path + "/images");
  }
  SLIPWAY_CHECK(remove_tree(ground.path + "/images").has_value());
  std::size_t left = 0;
  for ([[maybe_unused]] const auto& e : fs::recursive_directory_iterator(ground.path)) ++left;
  SLIPWAY_CHECK(left == 4);  // the archive and the secrets
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Ground ground;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with("raw\n")) {
    check_import(ground, std::string(text.substr(4)), nullptr);
    return 0;
  }
  const Script script = Reader(ground.path).read(text);
  check_import(ground, archive_of(script), &script);
  return 0;
}
