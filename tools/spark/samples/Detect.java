import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;

/**
 * What is in the pictures of a folder, as Parquet. Lines are piped through Ocellus, which is on the PATH of each executor:
 *
 * <pre>
 * javac -cp "$SPARK_HOME/jars/*" Detect.java && jar cf detect.jar Detect*.class
 * spark-submit --class Detect detect.jar hdfs:///album hdfs:///found
 * </pre>
 */
public class Detect {
  static final String COLUMNS =
      "path string, model string, width int, height int, "
          + "detections array<struct<label: string, score: float, box: array<float>>>, error string";

  public static void main(String[] arguments) {
    SparkSession spark = SparkSession.builder().appName("Ocellus").getOrCreate();
    JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
    // Paths may hold anything, also tabs and line breaks: both are in base64.
    JavaRDD<String> pictures =
        context
            .binaryFiles(arguments[0], 2 * context.defaultParallelism())
            .map(file -> encoded(file._1().getBytes(StandardCharsets.UTF_8)) + "\t" + encoded(file._2().toArray()));
    // A worker that ends badly fails its task; a picture that cannot be read is a row with an error.
    JavaRDD<String> answers =
        pictures
            .pipe("ocellus worker --lines --threads 1")
            .map(line -> new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8));
    spark
        .read()
        .schema(COLUMNS)
        .json(spark.createDataset(answers.rdd(), Encoders.STRING()))
        .write()
        .parquet(arguments[1]);
    spark.stop();
  }

  static String encoded(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }
}
