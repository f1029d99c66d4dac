#include "server/data_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace slipway::server {
namespace {

namespace fs = std::filesystem;
using base::Code;

constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

base::Result<void> make_folder(const std::string& path, mode_t mode) {
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  return base::fail(Code::Invalid, path + ": cannot make the folder: " + strerror(errno));
}

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", mode & 07777);
  return text;
}

std::vector<std::string> check_folder(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return {path + ": " + strerror(errno)};
  if (!S_ISDIR(info.st_mode)) return {path + ": not a folder; choose another with --data-dir"};
  if (info.st_uid != geteuid())
    return {path + ": belongs to another user (" + std::to_string(info.st_uid) + ", and this is " +
            std::to_string(geteuid()) + "); choose another with --data-dir, or work as its owner"};
  if (access(path.c_str(), W_OK | X_OK) != 0)
    return {path + ": not writable for this user; choose another with --data-dir, or run: chmod u+rwx " + path};
  if (info.st_mode & kOthersMayWrite)
    return {path + ": other users may write to it (mode " + octal(info.st_mode) +
            "), and it holds keys; run: chmod go-w " + path};
  return {};
}

// Keys, and what holds keys or passwords.
std::vector<std::string> secrets_below(const DataDir& dir) {
  std::vector<std::string> out{dir.kubeconfig(), dir.controller_kubeconfig(), dir.store(), dir.store() + "-wal",
                               dir.prometheus() + "/password"};
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(dir.pki(), absent))
    if (entry.path().extension() == ".key") out.push_back(entry.path().string());
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> check_secrets(const DataDir& dir) {
  std::string open, paths;
  std::vector<std::string> out;
  for (const std::string& path : secrets_below(dir)) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0) continue;
    if (access(path.c_str(), R_OK) != 0)
      out.push_back(path + ": not readable for this user (mode " + octal(info.st_mode) + "); run: chmod u+r " + path);
    if ((info.st_mode & kOthers) == 0) continue;
    open += (open.empty() ? "" : ", ") + path + " (mode " + octal(info.st_mode) + ")";
    paths += " " + path;
  }
  if (!open.empty())
    out.push_back("open to other users, and secret: " + open + "; if nobody has read them, run: chmod go-rwx" + paths);
  return out;
}

}  // namespace

std::string DataDir::absolute(const std::string& path) {
  std::string out = fs::absolute(path).lexically_normal().string();
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

std::vector<std::string> DataDir::faults(const std::string& path) {
  const DataDir dir(absolute(path));
  struct stat info;
  if (stat(dir.path_.c_str(), &info) != 0 && errno == ENOENT) return {};
  std::vector<std::string> out = check_folder(dir.path_);
  if (!out.empty()) return out;
  return check_secrets(dir);
}

base::Result<DataDir> DataDir::open(const std::string& path) {
  DataDir dir(absolute(path));
  if (auto made = make_folder(dir.path_, 0711); !made) return base::fail(made.error());
  if (const auto unfit = check_folder(dir.path_); !unfit.empty()) return base::fail(Code::Invalid, unfit.front());
  for (const std::string& below : {dir.pki(), dir.run(), dir.gateway(), dir.prometheus()})
    if (auto made = make_folder(below, 0700); !made) return base::fail(made.error());
  // Pods have users of their own and must reach their images, volumes and nothing else.
  for (const std::string& below : {dir.images(), dir.pods(), dir.logs()})
    if (auto made = make_folder(below, 0711); !made) return base::fail(made.error());
  return dir;
}

base::Result<DataDir> DataDir::existing(const std::string& path) {
  DataDir dir(absolute(path));
  if (!fs::is_directory(dir.path_))
    return base::fail(Code::NotFound,
                      dir.path_ + ": there is no data folder; `slipway up --data-dir " + path + "` makes one");
  if (!fs::is_directory(dir.pki()) || !fs::is_directory(dir.run()))
    return base::fail(Code::Invalid, dir.path_ + ": not a data folder of slipway (it has no pki/ and run/)");
  return dir;
}

}  // namespace slipway::server
