// What is in the pictures of a folder, as Parquet. Lines are piped through Ocellus, which is on the PATH of each executor:
//
//   spark-shell --conf spark.ocellus.in=hdfs:///album --conf spark.ocellus.out=hdfs:///found -i detect.scala
import java.nio.charset.StandardCharsets.UTF_8
import java.util.Base64

def encoded(bytes: Array[Byte]) = Base64.getEncoder.encodeToString(bytes)

// Paths may hold anything, also tabs and line breaks: both are in base64.
val pictures = sc.binaryFiles(sc.getConf.get("spark.ocellus.in"), 2 * sc.defaultParallelism)
val lines = pictures.map { case (path, file) => encoded(path.getBytes(UTF_8)) + "\t" + encoded(file.toArray) }

// A worker that ends badly fails its task; a picture that cannot be read is a row with an error.
val answers = lines.pipe(Seq("ocellus", "worker", "--lines", "--threads", "1"))
val json = answers.map(line => new String(Base64.getDecoder.decode(line), UTF_8))

val columns = "path string, model string, width int, height int, " +
  "detections array<struct<label: string, score: float, box: array<float>>>, error string"
spark.read.schema(columns).json(json.toDS()).write.parquet(sc.getConf.get("spark.ocellus.out"))
System.exit(0)
