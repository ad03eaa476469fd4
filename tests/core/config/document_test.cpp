#include "core/config/document.h"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "tests/core/base/temporary_folder.h"

namespace nextframe {
namespace {

json::Value with(std::string_view document, std::initializer_list<const char*> overrides) {
  json::Value value = json::parse(document, "t");
  for (const char* assignment : overrides) apply_override(value, assignment);
  return value;
}

TEST(Document, OverridesReachAnyKey) {
  EXPECT_EQ(with("{}", {"train.optimizer.lr=3e-4"}).dump(), R"({"train":{"optimizer":{"lr":0.0003}}})");
  EXPECT_EQ(with(R"({"a":[{"b":1},{"b":2}]})", {"a[1].b=7", "a.0.b=x"}).dump(), R"({"a":[{"b":"x"},{"b":7}]})");
  EXPECT_EQ(with("{}", {"a[0].path=clips/b=c.mp4"}).dump(), R"({"a":[{"path":"clips/b=c.mp4"}]})");
  EXPECT_EQ(with("{}", {"size=[3, 4]", "on=true", "none=null", "empty=", "text=\"7\""}).dump(),
            R"({"size":[3,4],"on":true,"none":null,"empty":"","text":"7"})");
}

TEST(Document, OverridesThatCannotBeMeantAreRejected) {
  for (const char* assignment :
       {"lr", "=3", "a..b=1", "a[x]=1", "a[1=1", "a[0]b=1", "list[5]=1", "list.name=1", "n.x=1", "o[0]=1", "size=[3"}) {
    EXPECT_THROW(with(R"({"list":[1],"n":3,"o":{}})", {assignment}), Error) << assignment;
  }
}

TEST(Document, MergesObjectsAndReplacesLists) {
  json::Value base = json::parse(R"({"a":{"x":1,"y":[1,2]},"b":2})", "t");
  merge(base, json::parse(R"({"a":{"y":[3]},"c":{"d":4}})", "t"));
  EXPECT_EQ(base.dump(), R"({"a":{"x":1,"y":[3]},"b":2,"c":{"d":4}})");
}

TEST(Document, ExtendsIsRelativeToTheFile) {
  test::TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "sub");
  write_file_atomically(folder.path() / "base.json", R"({"$schema":"s","name":"base","train":{"steps":5,"batch":2}})");
  write_file_atomically(folder.path() / "sub" / "a.json",
                        R"({"extends":"../base.json", /* more */ "train":{"steps":6}})");
  EXPECT_EQ(read_document(folder.path() / "sub" / "a.json").dump(), R"({"name":"base","train":{"steps":6,"batch":2}})");
}

TEST(Document, CirclesAndMissingFilesAreRejected) {
  test::TemporaryFolder folder;
  write_file_atomically(folder.path() / "a.json", R"({"extends":"b.json"})");
  write_file_atomically(folder.path() / "b.json", R"({"extends":"./a.json"})");
  write_file_atomically(folder.path() / "c.json", R"({"extends":"absent.json"})");
  write_file_atomically(folder.path() / "d.json", R"({"extends":3})");
  write_file_atomically(folder.path() / "e.json", "[]");
  for (const char* name : {"a.json", "c.json", "d.json", "e.json", "absent.json"}) {
    EXPECT_THROW(read_document(folder.path() / name), Error) << name;
  }
}

TEST(Document, VariablesAreExpanded) {
  ::setenv("NEXTFRAME_TEST_FOLDER", "here", 1);
  ::unsetenv("NEXTFRAME_TEST_UNSET");
  json::Value document = json::parse(R"({"a":["${NEXTFRAME_TEST_FOLDER}/x ${NEXTFRAME_TEST_FOLDER}","$5 ${"]})", "t");
  expand_variables(document, "t");
  EXPECT_EQ(document.dump(), R"({"a":["here/x here","$5 ${"]})");
  json::Value unset = json::parse(R"({"a":[{"b":"${NEXTFRAME_TEST_UNSET}"}]})", "t");
  try {
    expand_variables(unset, "t");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("a[0].b: the environment variable NEXTFRAME_TEST_UNSET"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace nextframe
