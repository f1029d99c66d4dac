// A release of `web` on a real control plane with real requests, in the network of our own: its pods answer (pods.h),
// and what stands before them is a program that a test starts.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "pods.h"
#include "release_bed.h"

namespace slipway::tests {

// Why there is no network of our own; empty when there is. Found out by main.cpp.
std::string& network_problem();

data::Value json(const std::string& text);
std::string gateway_api_definitions();  // folder; SLIPWAY_GATEWAY_CRDS

class Story : public ReleaseOnCluster {
 protected:
  // The definitions of the Gateway API are there then, and the rights of `slipway install --gateway`.
  void SetUp() override;

  void create(const api::Resource& kind, const data::Value& object);
  // A Release with these steps, whose traffic is as spec.traffic says; waits until it is Idle.
  void release(const std::string& steps, const std::string& traffic = R"({"route":"web","service":"web"})");
  // "True Accepted": a condition of what holds conditions.
  static std::string said(const data::Value& holder, const char* type);

  std::map<std::string, std::string> tags();  // image tag by pod address
  // How many of `n` requests to this address get this version; every one has to be answered.
  int of_requests_at(const std::string& address, const std::string& host, const std::string& tag, int n);
  std::string explained();  // by `slipway explain`

  int port = 0;  // of the story's own
  std::optional<Pods> pods;
};

}  // namespace slipway::tests
