#include "node/images/draft.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/hash.h"
#include "base/strings.h"
#include "node/posix.h"

namespace slipway::node::images {

using base::Code;
using base::Result;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kWhiteout = ".wh.", kOpaque = ".wh..wh..opq";

std::unexpected<base::Error> refuse(const std::string& path, const std::string& why) {
  return base::fail(Code::Invalid, "image refused: " + path + " " + why);
}

// Does following this link, and all links on its way, lead above `root`? What is missing leads nowhere.
bool leads_out(int root, const std::string& link) {
  open_how how{.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
  const UniqueFd fd(static_cast<int>(syscall(SYS_openat2, root, link.c_str(), &how, sizeof how)));
  return !fd && errno == EXDEV;
}

bool is_folder_at(int folder, const std::string& name) {
  struct stat s{};
  return fstatat(folder, name.c_str(), &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(s.st_mode);
}

// Parts of a path after ".." and "." are resolved; nullopt when it climbs above the root.
std::optional<std::vector<std::string>> resolved(std::string_view from_folder, std::string_view target) {
  std::vector<std::string> out;
  const auto walk = [&](std::string_view path) {
    for (std::string_view part : base::split(path, '/')) {
      if (part.empty() || part == ".") continue;
      if (part == "..") {
        if (out.empty()) return false;
        out.pop_back();
      } else {
        out.emplace_back(part);
      }
    }
    return true;
  };
  if (!target.starts_with("/") && !walk(from_folder)) return std::nullopt;
  if (!walk(target)) return std::nullopt;
  return out;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, slash);
}

}  // namespace

Result<Draft> Draft::open(const std::string& folder, ImportLimits limits) {
  Draft d;
  d.folder_ = folder;
  d.limits_ = limits;
  d.root_.reset(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!d.root_) return os_fail("open " + folder);
  return d;
}

Result<std::string> Draft::checked(const std::string& path) const {
  if (path.starts_with("/")) return refuse(path, "is an absolute path");
  if (path.size() > limits_.path_bytes || path.find('\0') != path.npos)
    return refuse(path.substr(0, 80) + "...", "is not a usable path");
  std::string out;
  std::size_t depth = 0;
  for (std::string_view part : base::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return refuse(path, "holds \"..\"");
    if (++depth > limits_.depth || part.size() > 255)
      return refuse(path.substr(0, 80) + "...", "is too deep or too long");
    out += (out.empty() ? "" : "/") + std::string(part);
  }
  return out;
}

Result<void> Draft::count(std::uint64_t bytes) {
  bytes_ += bytes;
  if (++entries_ > limits_.entries)
    return base::fail(Code::TooLarge, "image refused: more than " + std::to_string(limits_.entries) + " entries");
  if (bytes > limits_.file_bytes || bytes_ > limits_.bytes)
    return base::fail(Code::TooLarge, "image refused: larger than " + std::to_string(limits_.bytes) + " bytes");
  return {};
}

Result<void> Draft::refuse_mode(const std::string& path, std::uint32_t mode) const {
  if ((mode & (S_ISUID | S_ISGID)) != 0)
    return refuse(path, "has the setuid or setgid bit: remove it (chmod a-s) and pack again");
  return {};
}

Result<UniqueFd> Draft::open_parent(const std::string& path, std::string& name) {
  const std::string parent = parent_of(path);
  name = parent.empty() ? path : path.substr(parent.size() + 1);
  if (auto made = make_folder(parent); !made) return base::fail(made.error());
  UniqueFd fd = open_beneath(root_.get(), parent, O_RDONLY | O_DIRECTORY);
  if (!fd) return refuse(path, "goes through a link or a file");
  return fd;
}

Result<void> Draft::make_folder(const std::string& path) {
  if (path.empty() || open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY)) return {};
  std::string name;
  auto parent = open_parent(path, name);
  if (!parent) return base::fail(parent.error());
  struct stat s{};
  if (fstatat(parent->get(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW) == 0)
    return refuse(path, S_ISLNK(s.st_mode) ? "is a folder that goes through a link" : "is a folder and something else");
  if (mkdirat(parent->get(), name.c_str(), 0755) != 0) return os_fail("make " + path);
  return {};
}

Result<void> Draft::add_layer(Bytes& bytes) {
  in_this_layer_.clear();
  TarReader tar(bytes);
  while (true) {
    auto entry = tar.next();
    if (!entry) return base::fail(entry.error());
    if (!*entry) return {};
    if (auto added = add(**entry, tar); !added) return added;
  }
}

Result<void> Draft::add(const TarEntry& entry, TarReader& tar) {
  auto path = checked(entry.path);
  if (!path) return base::fail(path.error());
  if (auto counted = count(entry.size); !counted) return counted;
  if (path->empty())
    return entry.type == TarEntry::Type::Folder ? Result<void>() : refuse(entry.path, "is not a usable path");
  if (!in_this_layer_.insert(*path).second && entry.type != TarEntry::Type::Folder) return refuse(*path, "comes twice");
  const std::string parent = parent_of(*path), name = parent.empty() ? *path : path->substr(parent.size() + 1);
  if (name.starts_with(kWhiteout)) return white_out(parent, name);
  if (entry.type != TarEntry::Type::Link)
    if (auto fine = refuse_mode(*path, entry.mode & (entry.type == TarEntry::Type::Folder ? ~S_ISGID : ~0u)); !fine)
      return fine;
  switch (entry.type) {
    case TarEntry::Type::File:
      return add_file(*path, entry, tar);
    case TarEntry::Type::Folder:
      return make_folder(*path);
    case TarEntry::Type::Link:
      return add_link(*path, entry.target);
    case TarEntry::Type::HardLink:
      return add_hard_link(*path, entry.target);
    case TarEntry::Type::Other:
      break;
  }
  return refuse(*path, "is a device, pipe or socket");
}

Result<void> Draft::white_out(const std::string& folder, const std::string& name) {
  const UniqueFd parent = open_beneath(root_.get(), folder, O_RDONLY | O_DIRECTORY);
  if (!parent) return {};  // nothing there to remove
  const std::string base = folder_ + (folder.empty() ? "" : "/" + folder);
  if (name != kOpaque) {
    const std::string hidden = name.substr(kWhiteout.size());
    if (hidden.empty() || hidden == "." || hidden == "..") return refuse(name, "is not a usable path");
    return remove_tree(base + "/" + hidden);
  }
  for (const auto& entry : fs::directory_iterator(base))
    if (const std::string path = (folder.empty() ? "" : folder + "/") + entry.path().filename().string();
        !in_this_layer_.contains(path))
      if (auto removed = remove_tree(entry.path()); !removed) return removed;
  return {};
}

Result<void> Draft::add_file(const std::string& path, const TarEntry& entry, TarReader& tar) {
  std::string name;
  auto parent = open_parent(path, name);
  if (!parent) return base::fail(parent.error());
  if (is_folder_at(parent->get(), name)) return refuse(path, "is a folder and something else");
  unlinkat(parent->get(), name.c_str(), 0);  // of a lower layer
  const mode_t mode = (entry.mode & 0111) != 0 ? 0555 : 0444;
  const UniqueFd file(openat(parent->get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return os_fail("write " + path);
  char buffer[65536];
  while (true) {
    auto n = tar.read(buffer, sizeof buffer);
    if (!n) return base::fail(n.error());
    if (*n == 0) break;
    if (auto written = write_all(file.get(), {buffer, *n}); !written) return written;
  }
  return fchmod(file.get(), mode) == 0 ? Result<void>() : Result<void>(os_fail("write " + path));
}

Result<void> Draft::add_link(const std::string& path, const std::string& target) {
  if (target.empty() || target.size() > limits_.path_bytes || target.find('\0') != target.npos)
    return refuse(path, "is a link to nowhere");
  if (!resolved(parent_of(path), target)) return refuse(path, "is a link that leads out of the image, to " + target);
  std::string name;
  auto parent = open_parent(path, name);
  if (!parent) return base::fail(parent.error());
  if (is_folder_at(parent->get(), name)) return refuse(path, "is a folder and something else");
  unlinkat(parent->get(), name.c_str(), 0);
  return symlinkat(target.c_str(), parent->get(), name.c_str()) == 0 ? Result<void>()
                                                                     : Result<void>(os_fail("link " + path));
}

Result<void> Draft::add_hard_link(const std::string& path, const std::string& target) {
  auto from = checked(target);
  if (!from) return base::fail(from.error());
  std::string name;
  auto parent = open_parent(path, name);
  if (!parent) return base::fail(parent.error());
  const UniqueFd old = open_beneath(root_.get(), *from, O_PATH | O_NOFOLLOW);
  struct stat s{};
  if (!old || fstat(old.get(), &s) != 0 || !S_ISREG(s.st_mode))
    return refuse(path, "is a hard link to " + target + ", which is no file of the image");
  if (is_folder_at(parent->get(), name)) return refuse(path, "is a folder and something else");
  unlinkat(parent->get(), name.c_str(), 0);
  if (linkat(AT_FDCWD, ("/proc/self/fd/" + std::to_string(old.get())).c_str(), parent->get(), name.c_str(),
             AT_SYMLINK_FOLLOW) != 0)
    return os_fail("link " + path);
  return {};
}

Result<void> Draft::add_folder(const std::string& source) {
  std::error_code error;
  std::vector<fs::path> names;
  for (const auto& entry : fs::directory_iterator(source, error)) names.push_back(entry.path().filename());
  if (error) return base::fail(os_error("read " + source, error.value()));
  for (const fs::path& name : names)
    if (auto copied = copy_entry(source + "/" + name.string(), name.string()); !copied) return copied;
  return {};
}

Result<void> Draft::copy_entry(const std::string& source, const std::string& path) {
  if (auto fine = checked(path); !fine) return base::fail(fine.error());
  struct stat s{};
  if (lstat(source.c_str(), &s) != 0) return os_fail("read " + source);
  if (auto counted = count(S_ISREG(s.st_mode) ? static_cast<std::uint64_t>(s.st_size) : 0); !counted) return counted;
  if (S_ISLNK(s.st_mode)) return add_link(path, fs::read_symlink(source).string());
  if (auto fine = refuse_mode(path, s.st_mode & (S_ISDIR(s.st_mode) ? ~S_ISGID : ~0u)); !fine) return fine;
  if (!S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode)) return refuse(path, "is a device, pipe or socket");
  if (S_ISREG(s.st_mode)) {
    std::error_code error;
    fs::copy_file(source, folder_ + "/" + path, error);
    if (error) return base::fail(os_error("copy " + source, error.value()));
    chmod((folder_ + "/" + path).c_str(), (s.st_mode & 0111) != 0 ? 0555 : 0444);
    return {};
  }
  if (auto made = make_folder(path); !made) return made;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(source, error))
    if (auto copied = copy_entry(entry.path(), path + "/" + entry.path().filename().string()); !copied) return copied;
  if (error) return base::fail(os_error("read " + source, error.value()));
  return {};
}

// An absolute link means the image's own root: it is made relative, so that it means that everywhere. One to something
// that the image does not have would mean the machine's files to whoever follows it there: refused, but for what every
// pod gets (/proc ...).
Result<std::string> Draft::settle_link(const std::string& path) {
  const std::string link = folder_ + "/" + path, target = fs::read_symlink(link).string();
  const auto parts = resolved(parent_of(path), target);
  if (!parts) return refuse(path, "is a link that leads out of the image, to " + target);
  if (!target.starts_with("/")) return target;
  static const std::set<std::string> given = {"proc", "dev", "sys", "run", "tmp", "etc/hosts", "etc/resolv.conf"};
  const std::string inside = base::join(*parts, "/");
  struct stat s{};
  const bool known = parts->empty() || given.contains(parts->front()) || given.contains(inside);
  if (!known && lstat((folder_ + "/" + inside).c_str(), &s) != 0)
    return refuse(path, "is a link to " + target + ", which is not in the image");
  std::string relative;
  for (char c : path) relative += c == '/' ? "../" : "";
  relative += inside.empty() ? "." : inside;
  unlink(link.c_str());
  if (symlink(relative.c_str(), link.c_str()) != 0) return os_fail("link " + path);
  return relative;
}

// Sorted, with kind, path, mode and content: two folders with the same files have the same digest wherever and whenever
// they were made.
Result<void> Draft::list(const std::string& folder, std::string& listing, Finished& totals) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_ + "/" + folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const std::string path = folder.empty() ? name : folder + "/" + name, full = folder_ + "/" + path;
    struct stat s{};
    if (lstat(full.c_str(), &s) != 0) return os_fail("read " + full);
    ++totals.entries;
    if (S_ISLNK(s.st_mode)) {
      auto target = settle_link(path);
      if (!target) return base::fail(target.error());
      listing += "l " + path + '\0' + *target + '\n';
      links_.push_back(path);
    } else if (S_ISDIR(s.st_mode)) {
      listing += "d " + path + '\n';
      chmod(full.c_str(), 0755);
      if (auto listed = list(path, listing, totals); !listed) return listed;
    } else {
      auto digest = sha256_of_file(full);
      if (!digest) return base::fail(digest.error());
      totals.bytes += static_cast<std::uint64_t>(s.st_size);
      listing += std::string((s.st_mode & 0111) != 0 ? "x " : "f ") + path + '\0' + *digest + '\n';
    }
  }
  return {};
}

Result<Draft::Finished> Draft::finish() {
  Finished totals;
  std::string listing;
  if (auto listed = list("", listing, totals); !listed) return base::fail(listed.error());
  // Each link was judged by its text alone; "a/../.." through a link `a` is another way than its text says.
  for (const std::string& link : links_)
    if (leads_out(root_.get(), link)) return refuse(link, "is a link that leads out of the image, through other links");
  totals.digest = base::sha256_hex(listing);
  // Mount points that are there already make starting a pod faster; they are no part of the digest.
  for (const char* point : {"proc", "dev", "tmp", "etc"})
    if (!exists(folder_ + "/" + point)) mkdirat(root_.get(), point, 0755);
  for (const char* point : {"etc/hosts", "etc/resolv.conf"})
    if (const UniqueFd etc = open_beneath(root_.get(), "etc", O_RDONLY | O_DIRECTORY);
        etc && !exists(folder_ + "/" + point))
      UniqueFd(openat(etc.get(), point + 4, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444));
  return totals;
}

}  // namespace slipway::node::images
