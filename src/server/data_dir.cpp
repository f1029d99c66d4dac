#include "server/data_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace slipway::server {
namespace {

namespace fs = std::filesystem;
using base::Code;

constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;

base::Result<void> make_folder(const std::string& path, mode_t mode) {
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  return base::fail(Code::Invalid, path + ": cannot make the folder: " + strerror(errno));
}

base::Result<void> check_folder(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return base::fail(Code::NotFound, path + ": " + strerror(errno));
  if (!S_ISDIR(info.st_mode)) return base::fail(Code::Invalid, path + ": not a folder; choose another with --data-dir");
  if (access(path.c_str(), W_OK | X_OK) != 0)
    return base::fail(Code::Invalid,
                      path + ": not writable for this user; choose another with --data-dir, or change its owner");
  if (info.st_mode & kOthersMayWrite)
    return base::fail(Code::Invalid,
                      path + ": other users may write to it, and it holds keys; run: chmod go-w " + path);
  return {};
}

}  // namespace

base::Result<DataDir> DataDir::open(const std::string& path) {
  DataDir dir(fs::absolute(path).lexically_normal().string());
  while (dir.path_.size() > 1 && dir.path_.back() == '/') dir.path_.pop_back();
  if (auto made = make_folder(dir.path_, 0711); !made) return base::fail(made.error());
  if (auto usable = check_folder(dir.path_); !usable) return base::fail(usable.error());
  for (const std::string& below : {dir.pki(), dir.run(), dir.gateway(), dir.prometheus()})
    if (auto made = make_folder(below, 0700); !made) return base::fail(made.error());
  // Pods have users of their own and must reach their images, volumes and nothing else.
  for (const std::string& below : {dir.images(), dir.pods(), dir.logs()})
    if (auto made = make_folder(below, 0711); !made) return base::fail(made.error());
  return dir;
}

base::Result<DataDir> DataDir::existing(const std::string& path) {
  DataDir dir(fs::absolute(path).lexically_normal().string());
  if (!fs::is_directory(dir.path_))
    return base::fail(Code::NotFound,
                      dir.path_ + ": there is no data folder; `slipway up --data-dir " + path + "` makes one");
  return dir;
}

}  // namespace slipway::server
