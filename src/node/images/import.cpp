#include "node/images/import.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/hash.h"
#include "base/strings.h"
#include "data/json.h"
#include "node/posix.h"

namespace slipway::node::images {

using base::Code;
using base::Result;
using data::Value;

namespace {

constexpr std::size_t kMostJson = 8u << 20;
constexpr const char* kOurPlatform = "amd64";

std::unexpected<base::Error> not_an_image(const std::string& why) {
  return base::fail(Code::Invalid, "not an image: " + why);
}

Result<Value> read_json(const std::string& path) {
  auto text = read_file(path, kMostJson);
  if (!text) return base::fail(text.error());
  auto value = data::parse_json(*text);
  if (!value) return not_an_image(path.substr(path.rfind('/') + 1) + ": " + value.error().message);
  return value;
}

bool is_folder(const std::string& path) {
  struct stat s{};
  return stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode);
}

void add_env(Image& image, const std::string& pair) {
  const auto equals = pair.find('=');
  image.env.emplace_back(pair.substr(0, equals), equals == pair.npos ? "" : pair.substr(equals + 1));
}

// The "config" member of an OCI image configuration; Docker's is the same.
Image config_of(const Value& config) {
  Image image;
  for (const Value& s : config["Entrypoint"].items()) image.entrypoint.push_back(s.str());
  for (const Value& s : config["Cmd"].items()) image.command.push_back(s.str());
  for (const Value& s : config["Env"].items()) add_env(image, s.str());
  if (const std::string dir = config["WorkingDir"].str(); !dir.empty()) image.workdir = dir;
  const std::string user = config["User"].str();
  image.uid = base::parse_int(std::string_view(user).substr(0, user.find(':'))).value_or(0);
  return image;
}

// An import under way: the files go to `draft`/root; `scratch` holds an unpacked outer archive.
class Import {
 public:
  Import(Draft& draft, std::string scratch, const ImportLimits& limits)
      : draft_(draft), scratch_(std::move(scratch)), limits_(limits) {}

  Result<Image> take(const std::string& source) {
    if (is_folder(source)) return take_folder(source);
    auto packed = is_packed_image(source);
    if (!packed) return base::fail(packed.error());
    if (!*packed) return take_layers({source}) ? Result<Image>(Image{}) : Result<Image>(base::fail(error_));
    auto outer = Draft::open(scratch_, limits_);
    auto bytes = open_bytes(source);
    if (!outer || !bytes) return base::fail(outer ? bytes.error() : outer.error());
    if (auto unpacked = outer->add_layer(**bytes); !unpacked) return base::fail(unpacked.error());
    packed_ = true;
    return take_folder(scratch_);
  }

 private:
  // Archives of images have one of these at their top; a plain archive of files does not.
  static Result<bool> is_packed_image(const std::string& source) {
    auto bytes = open_bytes(source);
    if (!bytes) return base::fail(bytes.error());
    TarReader tar(**bytes);
    while (true) {
      auto entry = tar.next();
      if (!entry) return base::fail(entry.error());
      if (!*entry) return false;
      const std::string& path = (*entry)->path;
      if (path == "oci-layout" || path == "./oci-layout" || path == "manifest.json" || path == "./manifest.json")
        return true;
    }
  }

  Result<Image> take_folder(const std::string& folder) {
    if (exists(folder + "/oci-layout") && exists(folder + "/index.json")) return take_layout(folder);
    if (packed_ && exists(folder + "/manifest.json")) return take_docker(folder);
    if (auto added = draft_.add_folder(folder); !added) return base::fail(added.error());
    return Image{};
  }

  // The full path of a file of the source. An archive's links are a stranger's: followed, they would bring files of
  // this machine into the image.
  Result<std::string> file_in(const std::string& folder, const std::string& path) const {
    const UniqueFd root(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const UniqueFd file = packed_ ? open_beneath(root.get(), path, O_PATH)
                                  : UniqueFd(openat(root.get(), path.c_str(), O_PATH | O_CLOEXEC));
    struct stat s{};
    if (!file || fstat(file.get(), &s) != 0 || !S_ISREG(s.st_mode)) return not_an_image("it lacks the file " + path);
    return folder + "/" + path;
  }

  Result<Value> read_json_in(const std::string& folder, const std::string& path) const {
    auto file = file_in(folder, path);
    if (!file) return base::fail(file.error());
    return read_json(*file);
  }

  // A blob's path, after its digest was compared with its content.
  Result<std::string> blob(const std::string& folder, const Value& descriptor) const {
    const std::string digest = descriptor["digest"].str();
    const std::string hex = digest.starts_with("sha256:") ? digest.substr(7) : "";
    if (hex.size() != 64 || hex.find_first_not_of("0123456789abcdef") != hex.npos)
      return not_an_image("digest \"" + digest + "\" is not sha256");
    auto path = file_in(folder, "blobs/sha256/" + hex);
    auto found = path ? sha256_of_file(*path) : path;
    if (!found) return not_an_image("blob " + digest + " is missing");
    if (*found != hex) return not_an_image("blob " + digest + " has other content: it is damaged or was tampered with");
    return path;
  }

  Result<Value> json_blob(const std::string& folder, const Value& descriptor) const {
    auto path = blob(folder, descriptor);
    if (!path) return base::fail(path.error());
    return read_json(*path);
  }

  // Index to manifest, through at most one more index; of several platforms, ours.
  Result<Value> manifest_of(const std::string& folder, const Value& index, int depth) const {
    const Value* chosen = nullptr;
    for (const Value& m : index["manifests"].items())
      if (chosen == nullptr || m["platform"]["architecture"].as_string() == kOurPlatform) chosen = &m;
    if (chosen == nullptr) return not_an_image("its index names no manifest");
    auto manifest = json_blob(folder, *chosen);
    if (!manifest || !manifest->has("manifests")) return manifest;
    if (depth > 2) return not_an_image("its index is nested too deeply");
    return manifest_of(folder, *manifest, depth + 1);
  }

  Result<Image> take_layout(const std::string& folder) {
    auto index = read_json_in(folder, "index.json");
    if (!index) return base::fail(index.error());
    auto manifest = manifest_of(folder, *index, 0);
    if (!manifest) return base::fail(manifest.error());
    auto config = json_blob(folder, (*manifest)["config"]);
    if (!config) return base::fail(config.error());
    std::vector<std::string> layers;
    for (const Value& layer : (*manifest)["layers"].items()) {
      if (layer["mediaType"].as_string().ends_with("zstd"))
        return not_an_image("layers packed with zstd are not supported: use gzip");
      auto path = blob(folder, layer);
      if (!path) return base::fail(path.error());
      layers.push_back(*path);
    }
    if (!take_layers(layers)) return base::fail(error_);
    return config_of((*config)["config"]);
  }

  // `docker save`: [{"Config": file, "Layers": [file]}]; files lie beside it.
  Result<Image> take_docker(const std::string& folder) {
    auto manifest = read_json_in(folder, "manifest.json");
    if (!manifest) return base::fail(manifest.error());
    if (manifest->size() != 1)
      return not_an_image("the archive holds " + std::to_string(manifest->size()) + " images: save one at a time");
    const Value& image = manifest->at(0);
    std::vector<std::string> layers;
    for (const Value& layer : image["Layers"].items()) layers.push_back(layer.str());
    layers.push_back(image["Config"].str());
    for (std::string& path : layers) {
      auto full = file_in(folder, path);
      if (!full) return base::fail(full.error());
      path = *full;
    }
    auto config = read_json(layers.back());
    layers.pop_back();
    if (!config) return base::fail(config.error());
    if (!take_layers(layers)) return base::fail(error_);
    return config_of((*config)["config"]);
  }

  bool take_layers(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      auto bytes = open_bytes(path);
      auto added = bytes ? draft_.add_layer(**bytes) : Result<void>(base::fail(bytes.error()));
      if (added) continue;
      error_ = added.error();
      return false;
    }
    return true;
  }

  Draft& draft_;
  std::string scratch_;
  ImportLimits limits_;
  bool packed_ = false;  // the source was an archive, and what is looked at is what it held
  base::Error error_;
};

Value image_json(const Image& image, const Draft::Finished& totals) {
  const auto list = [](const std::vector<std::string>& items) {
    Value out = Value::array();
    for (const std::string& s : items) out.push_back(s);
    return out;
  };
  Value env = Value::array();
  for (const auto& [name, value] : image.env) env.push_back(name + "=" + value);
  return Value::object({{"digest", image.digest},
                        {"entrypoint", list(image.entrypoint)},
                        {"cmd", list(image.command)},
                        {"env", env},
                        {"workdir", image.workdir},
                        {"uid", image.uid},
                        {"size", static_cast<std::int64_t>(totals.bytes)},
                        {"files", static_cast<std::int64_t>(totals.entries)},
                        {"imported", base::format_time(wall_now())}});
}

// What runs is named by files and configuration together.
std::string digest_of(const Image& image, const std::string& files) {
  Image bare = image;
  bare.digest = files;
  return "sha256:" + base::sha256_hex(data::to_json(image_json(bare, {}).without("imported")));
}

Result<Entry> import_into(const Store& store, const std::string& folder, const std::string& source,
                          const Reference& name, const ImportOptions& options) {
  auto draft = Draft::open(folder + "/root", options.limits);
  if (!draft) return base::fail(draft.error());
  const std::string scratch = folder + ".outer";
  if (mkdir(scratch.c_str(), 0700) != 0) return os_fail("make " + scratch);
  auto image = Import(*draft, scratch, options.limits).take(source);
  (void)remove_tree(scratch);
  if (!image) return base::fail(image.error());
  if (options.entrypoint) {
    image->entrypoint = *options.entrypoint;
    image->command.clear();
  }
  if (options.workdir) image->workdir = *options.workdir;
  for (const std::string& pair : options.env) add_env(*image, pair);
  auto totals = draft->finish();
  if (!totals) return base::fail(totals.error());
  image->digest = digest_of(*image, totals->digest);
  if (auto written = write_file(folder + "/image.json", data::to_pretty_json(image_json(*image, *totals)) + "\n");
      !written)
    return base::fail(written.error());
  auto entry = store.accept(folder, name, *image);
  if (entry) entry->size = totals->bytes, entry->files = totals->entries;
  return entry;
}

}  // namespace

Result<Entry> import_image(const Store& store, const std::string& source, const std::string& reference,
                           const ImportOptions& options) {
  auto name = parse_reference(reference);
  if (!name) return base::fail(name.error());
  if (!name->digest.empty() || name->name == "host")
    return base::fail(Code::Invalid, "import needs a NAME:TAG other than host, without a digest");
  auto folder = store.make_draft();
  if (!folder) return base::fail(folder.error());
  auto entry = import_into(store, *folder, source, *name, options);
  if (!entry) (void)remove_tree(*folder);
  return entry;
}

}  // namespace slipway::node::images
