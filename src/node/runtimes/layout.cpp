#include "node/runtimes/layout.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "base/hash.h"
#include "base/strings.h"
#include "node/posix.h"

namespace slipway::node {

using base::Result;

namespace {

std::string first_part(const std::string& path) { return path.substr(0, path.find('/')); }

Result<void> write_one(const std::string& folder, const VolumeFile& f, std::uint32_t owner) {
  const std::string path = folder + "/" + f.path;
  if (auto made = make_folders(path.substr(0, path.rfind('/')), 0755); !made) return made;
  if (auto written = write_file(path, f.bytes, f.mode); !written) return written;
  if (chmod(path.c_str(), f.mode) != 0 || (owner != 0 && chown(path.c_str(), owner, owner) != 0))
    return os_fail("own " + path);
  return {};
}

// Replaces a link in one step.
Result<void> turn_link(const std::string& link, const std::string& target) {
  const std::string fresh = link + "_tmp";
  unlink(fresh.c_str());
  if (symlink(target.c_str(), fresh.c_str()) != 0 || rename(fresh.c_str(), link.c_str()) != 0)
    return os_fail("link " + link);
  return {};
}

// Everything below `folder` that belongs to users from `first` on; the folder itself last, so that a change of hands
// that was interrupted begins anew.
Result<void> hand_over(const std::string& folder, std::uint32_t owner, std::uint32_t first) {
  constexpr std::uint32_t kPodUsers = 1 << 16;
  struct stat s{};
  if (stat(folder.c_str(), &s) != 0) return os_fail("look at " + folder);
  if (s.st_uid == owner) return {};
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string path = it->path().string();
    if (lstat(path.c_str(), &s) != 0 || s.st_uid < first || s.st_uid >= first + kPodUsers) continue;
    if (lchown(path.c_str(), owner, owner) != 0) return os_fail("own " + path);
  }
  if (error) return base::fail(os_error("read " + folder, error.value()));
  if (chown(folder.c_str(), owner, owner) != 0) return os_fail("own " + folder);
  return {};
}

std::string content_name(const std::vector<VolumeFile>& files) {
  std::string all;
  for (const VolumeFile& f : files) all += f.path + '\0' + std::to_string(f.mode) + '\0' + base::sha256_hex(f.bytes);
  return ".." + base::sha256_hex(all).substr(0, 16);
}

}  // namespace

bool is_safe_name(std::string_view name) {
  return !name.empty() && name.find('/') == name.npos && name != "." && name != "..";
}

std::string process_id(const ContainerKey& k) {
  return "pod/" + k.pod + "/" + k.container + "/" + std::to_string(k.attempt);
}

std::optional<ContainerKey> key_of_process(std::string_view id) {
  const auto parts = base::split(id, '/');
  if (parts.size() != 4 || parts[0] != "pod") return std::nullopt;
  const auto attempt = base::parse_int(parts[3]);
  if (!attempt) return std::nullopt;
  return ContainerKey{std::string(parts[1]), std::string(parts[2]), *attempt};
}

Result<void> keep_volume(const std::string& folder, const std::string& link, std::uint32_t owner, std::uint32_t first,
                         std::uint32_t mode) {
  if (auto made = make_folders(folder, 0700); !made) return made;
  if (chmod(folder.c_str(), mode) != 0) return os_fail("open up " + folder);
  if (owner != 0)
    if (auto given = hand_over(folder, owner, first); !given) return given;
  return turn_link(link, std::filesystem::absolute(folder).string());
}

Result<void> publish_volume(const std::string& folder, const std::vector<VolumeFile>& files, std::uint32_t owner) {
  const std::string fresh = content_name(files), data = folder + "/..data";
  if (auto made = make_folders(folder, 0755); !made) return made;
  std::error_code none;
  const std::string before = std::filesystem::read_symlink(data, none).string();
  if (before == fresh) return {};
  if (auto cleared = remove_tree(folder + "/" + fresh); !cleared) return cleared;
  if (auto made = make_folders(folder + "/" + fresh, 0755); !made) return made;
  for (const VolumeFile& f : files)
    if (auto written = write_one(folder + "/" + fresh, f, owner); !written) return written;
  if (auto turned = turn_link(data, fresh); !turned) return turned;
  std::set<std::string> names;
  for (const VolumeFile& f : files) names.insert(first_part(f.path));
  for (const std::string& name : names)
    if (!exists(folder + "/" + name))
      if (auto linked = turn_link(folder + "/" + name, "..data/" + name); !linked) return linked;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none))
    if (const std::string name = entry.path().filename(); !name.starts_with("..") && !names.contains(name))
      unlink(entry.path().c_str());
  return before.empty() ? Result<void>() : remove_tree(folder + "/" + before);
}

}  // namespace slipway::node
