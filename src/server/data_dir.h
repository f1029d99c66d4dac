// Where one embedded cluster keeps everything: a single folder. Keys, sockets and the store are closed to others; pods
// (which have users of their own) can pass through to images and their volumes.
//
//   pki/            CA, server and client certificates        kubeconfig     for kubectl and slipway, mode 600
//   controller.kubeconfig  for a `slipway controller` of its own, with its role's rights only
//   store.db        the store                                 lock           held by the running server; its pid
//   run/            unix sockets of shim and proxy            images/        imported images, content-addressed
//   pods/           volumes and roots of pods                 logs/pods/     container logs, CRI format
//   gateway/        proxy configuration and maps              prometheus/    its data
//   server.log      what the server had to say                endpoints.json addresses of the running server
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace slipway::server {

class DataDir {
 public:
  // Makes the folder and the ones below it when they are missing. Invalid when it exists and is not ours to use: a
  // file, not writable, or open to others (group or world may write).
  static base::Result<DataDir> open(const std::string& path);
  // The same without making anything: for commands that look at what is there, or take it away. NotFound when there is
  // no folder, Invalid when it is not one that `open` has made.
  static base::Result<DataDir> existing(const std::string& path);

  // What makes an existing folder unfit, one sentence each with the remedy: a file, another owner, not writable,
  // secrets that others may read. None for one that is not there, and nothing is changed.
  static std::vector<std::string> faults(const std::string& path);
  // Absolute, without a slash at the end.
  static std::string absolute(const std::string& path);

  const std::string& path() const { return path_; }
  std::string pki() const { return path_ + "/pki"; }
  std::string kubeconfig() const { return path_ + "/kubeconfig"; }
  std::string controller_kubeconfig() const { return path_ + "/controller.kubeconfig"; }
  std::string store() const { return path_ + "/store.db"; }
  std::string lock() const { return path_ + "/lock"; }
  std::string run() const { return path_ + "/run"; }
  std::string images() const { return path_ + "/images"; }
  std::string pods() const { return path_ + "/pods"; }
  std::string logs() const { return path_ + "/logs/pods"; }
  std::string gateway() const { return path_ + "/gateway"; }
  std::string prometheus() const { return path_ + "/prometheus"; }
  std::string server_log() const { return path_ + "/server.log"; }
  std::string endpoints() const { return path_ + "/endpoints.json"; }

 private:
  explicit DataDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace slipway::server
