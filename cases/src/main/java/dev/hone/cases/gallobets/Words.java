package dev.hone.cases.gallobets;

import java.util.SplittableRandom;

/** Words to make names and descriptions of. */
final class Words {

    static final String[] FIRST_NAMES = {
        "Andrés",
        "Beatriz",
        "Camila",
        "Diego",
        "Elena",
        "Fabián",
        "Gabriela",
        "Hernán",
        "Inés",
        "Julián",
        "Karla",
        "Luis",
        "Marta",
        "Nicolás",
        "Olga",
        "Pablo",
        "Rosa",
        "Sebastián",
        "Tomás",
        "Verónica"
    };
    static final String[] LAST_NAMES = {
        "Aguirre", "Bravo", "Cevallos", "Delgado", "Espinoza", "Flores", "Guamán", "Herrera", "Intriago", "Jaramillo",
        "León", "Mendoza", "Naranjo", "Ortiz", "Paredes", "Quiroz", "Rivadeneira", "Suárez", "Torres", "Zambrano"
    };
    static final String[] CITIES = {
        "Ambato",
        "Babahoyo",
        "Cuenca",
        "Durán",
        "Esmeraldas",
        "Guayaquil",
        "Ibarra",
        "Latacunga",
        "Loja",
        "Machala",
        "Manta",
        "Portoviejo",
        "Quevedo",
        "Quito",
        "Riobamba",
        "Santo Domingo"
    };
    static final String[] STABLES = {
        "El Porvenir", "La Esperanza", "Los Tres Ríos", "San Jacinto", "El Mirador", "La Victoria", "Dos Hermanos",
        "Santa Rosa", "El Cóndor", "Río Verde", "La Loma", "Monte Alto", "El Relámpago", "Costa Brava"
    };
    private static final String[] SENTENCES = {
        "Doors open two hours before the first fight.",
        "The draw is held in public by the judges of the association.",
        "Weights are checked twice; an animal over the limit is replaced.",
        "Every fight is streamed from three cameras, with a replay of the decisive moments.",
        "Proposals close when the judge gives the first signal.",
        "Stables from four provinces have entered their best lines.",
        "The winner of the evening takes the cup and a share of the gate.",
        "In case of rain the evening moves to the covered ring.",
    };

    private Words() {}

    static String pick(String[] words, SplittableRandom random) {
        return words[random.nextInt(words.length)];
    }

    /** So many sentences in a row. */
    static String sentences(int count, SplittableRandom random) {
        StringBuilder text = new StringBuilder(80 * count);
        int start = random.nextInt(SENTENCES.length);
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : " ").append(SENTENCES[(start + i) % SENTENCES.length]);
        }
        return text.toString();
    }

    /** So many hexadecimal digits, a multiple of 16. */
    static String hex(int digits, SplittableRandom random) {
        StringBuilder text = new StringBuilder(digits);
        for (int i = 0; i < digits; i += 16) {
            String sixteen = Long.toHexString(random.nextLong());
            text.append("0".repeat(16 - sixteen.length())).append(sixteen);
        }
        return text.toString();
    }

    static String address(SplittableRandom random) {
        return "10." + random.nextInt(256) + "." + random.nextInt(256) + "." + random.nextInt(256);
    }
}
