// Manifests as people keep them: files, folders and standard input, YAML or JSON, several documents a file.
//
// All problems of all documents are collected, each with its place; nothing is applied as long as there is one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/yaml.h"

namespace slipway::cli {

struct Manifest {
  std::string source;  // path of the file, or "standard input"
  int document = 1;    // 1-based, in its source
  data::YamlDocument content;
};

// One line for people: "web.yaml:12:5: document 2: spec.replicas: expected a number".
struct Problem {
  std::string source;
  int document = 0;  // 0: about the whole source
  data::Position at = {};
  std::string path = {};
  std::string message;
  bool operator==(const Problem&) const = default;
};
std::string to_text(const Problem& problem);

struct Manifests {
  std::vector<Manifest> documents;  // Lists are taken apart into their items
  std::vector<Problem> problems;
};

// The documents of one text. A document that cannot be read does not hide the problems of those behind it.
Manifests read_manifests(const std::string& source, std::string_view text);
// Files, folders (their *.yaml, *.yml and *.json in name order) and "-".
Manifests load_manifests(const std::vector<std::string>& paths);

// What the server said about a document, placed: one Problem for each cause, or one for the whole.
std::vector<Problem> problems_of(const Manifest& manifest, const base::Error& error);

// What a server that serves its kind would say of a document: unknown fields, wrong types, values that are not allowed.
// Nothing of kinds that are not known here.
std::vector<Problem> problems_of(const Manifest& manifest);

}  // namespace slipway::cli
