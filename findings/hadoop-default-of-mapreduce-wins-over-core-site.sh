#!/usr/bin/env bash
# Packages: Apache Hadoop 3.4.2 (Maven: hadoop-client-api, hadoop-client-runtime), seen with Java 17 and Maven.
# Behaviour: Hadoop reads core-default.xml, core-site.xml, mapred-default.xml, mapred-site.xml, and the last one that names a property wins, a
#   default too. `mapreduce.framework.name` set to yarn in core-site.xml, the file in which most tools write what is to hold everywhere, is
#   `local` again for a job: mapred-default.xml says so. The job runs on one machine, ends with 0, and no line tells of it.
# One would have guessed: what a site says wins over a default, in whatever site file it is.
# Seen: {"core-site.xml": ["yarn", "local"], "mapred-site.xml": ["yarn", "yarn"]} (what the file says, what the job gets)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > pom.xml <<'XML'
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>x</groupId><artifactId>x</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-client-api</artifactId><version>3.4.2</version></dependency>
    <dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-client-runtime</artifactId><version>3.4.2</version></dependency>
  </dependencies>
</project>
XML
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars
cat > Check.java <<'JAVA'
import org.apache.hadoop.mapred.JobConf;

class Check {
    public static void main(String[] names) {
        System.out.print(new JobConf().get("mapreduce.framework.name"));
    }
}
JAVA
got() {
  mkdir "$1.d"
  cat > "$1.d/$1" <<'XML'
<configuration><property><name>mapreduce.framework.name</name><value>yarn</value></property></configuration>
XML
  java -cp "jars/*:$1.d" Check.java 2> "$1.err"
}
seen="{\"core-site.xml\": [\"yarn\", \"$(got core-site.xml)\"], \"mapred-site.xml\": [\"yarn\", \"$(got mapred-site.xml)\"]}"
echo "$seen"
[ "$seen" = '{"core-site.xml": ["yarn", "local"], "mapred-site.xml": ["yarn", "yarn"]}' ] || {
  echo "Hadoop behaves otherwise than stated above" >&2
  cat ./*.err >&2
  exit 1
}
